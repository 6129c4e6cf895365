"""How often somebody may guess at an account. Counted alike whether or not the account exists.

Five tries from one address in a quarter of an hour, then that address waits. Guesses from many addresses never shut the
account: they only leave each address fewer tries, so that nobody can lock a person out from elsewhere.
"""

from __future__ import annotations

from accounts.refusals import SignInLocked
from tenancy.limits import allow, clear, peek

TRIES, SLOWED = "sign_in_failures", "sign_in_failures_slowed"
OF_ADDRESS, OF_ACCOUNT = "sign_in_failures_address", "sign_in_failures_account"


def begin_attempt(*, email: str, address: str) -> None:
    """Count a try before its password is looked at: of many at once no more pass than of many in a row.

    Raises SignInLocked.
    """
    account = _account(email)
    wait = peek(OF_ADDRESS, address) or allow(TRIES, account, address)
    if wait is None and peek(OF_ACCOUNT, account) is not None:
        wait = allow(SLOWED, account, address)
    if wait is not None:
        raise SignInLocked(wait)


def note_failure(*, email: str, address: str) -> bool:
    """Remember a wrong password or code; True where this address has to wait now."""
    account = _account(email)
    allow(OF_ADDRESS, address)
    allow(OF_ACCOUNT, account)
    return peek(TRIES, account, address) is not None


def forget_attempts(*, email: str, address: str) -> None:
    """After a whole sign-in. The counts of the account and of the address stay: others made them."""
    account = _account(email)
    clear(TRIES, account, address)
    clear(SLOWED, account, address)


def _account(email: str) -> str:
    return email.strip().lower()
