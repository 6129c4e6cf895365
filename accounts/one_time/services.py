"""Second factors of people: the one door for sign-in to ask, and for enrolment to change them."""

from __future__ import annotations

from accounts.models import User


def has_device(user: User) -> bool:
    """Whether signing in needs a code as well."""
    return False


def verify(user: User, code: str) -> bool:
    """Whether ``code`` is right now, of the person's device or a recovery code. A right one is used up by this."""
    return False
