"""What can be wrong with a sealed value. Nothing is ever returned in its place."""

from __future__ import annotations

from tenancy.refusals import Refusal


class EncryptionError(RuntimeError):
    """A sealed value cannot be read or written."""


class Shredded(EncryptionError):
    """The key was destroyed on purpose: what it sealed cannot be read again by anybody."""


class KeysDestroyed(Refusal, Shredded):
    """A new value cannot be sealed: the keys of the patient were destroyed, and there are to be no others."""

    status_code = 409

    def __init__(self) -> None:
        super().__init__("The keys of this patient were destroyed: nothing more can be written in sealed fields.")


class TamperedError(EncryptionError):
    """The value was not sealed for this place, or was changed since. An alarm has been logged."""


class KeyUnavailable(EncryptionError):
    """The key that wraps the others is missing, or its service does not answer; the text says what to do."""
