"""What can be wrong with a sealed value. Nothing is ever returned in its place."""

from __future__ import annotations


class EncryptionError(RuntimeError):
    """A sealed value cannot be read or written."""


class Shredded(EncryptionError):
    """The key was destroyed on purpose: what it sealed cannot be read again by anybody."""


class TamperedError(EncryptionError):
    """The value was not sealed for this place, or was changed since. An alarm has been logged."""


class KeyUnavailable(EncryptionError):
    """The key that wraps the others is missing, or its service does not answer; the text says what to do."""
