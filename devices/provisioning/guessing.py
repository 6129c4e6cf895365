"""How often somebody may try claim codes: by address and by code."""

from __future__ import annotations

from devices.provisioning.refusals import TooManyGuesses
from tenancy.limits import allow, peek

TRIES, FAILURES, OF_CODE = "provisioning", "provisioning_failures", "provisioning_code"


def begin_try(*, code: str, address: str) -> None:
    """Count a try before anything is looked up. Raises TooManyGuesses."""
    wait = peek(FAILURES, address) or allow(TRIES, address) or allow(OF_CODE, code)
    if wait is not None:
        raise TooManyGuesses(wait)


def note_failure(*, address: str) -> None:
    allow(FAILURES, address)
