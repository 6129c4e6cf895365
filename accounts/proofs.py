"""Somebody who is signed in shows once more who they are: by the password, a code, or both."""

from __future__ import annotations

from accounts.models import User
from accounts.one_time import codes
from accounts.one_time.services import LIMIT, has_device, verify
from accounts.services import in_own_scope
from tenancy.limits import allow, clear


def password_is_right(*, user: User, password: str) -> bool:
    """Never after five wrong proofs in 15 minutes: a session left open does not help to guess."""
    if "\x00" in password or allow(LIMIT, user.pk) is not None:
        return False
    # The principal's user is without its password where it came from a token.
    account = User.objects.with_id(user.pk)
    right = account is not None and in_own_scope(account, lambda: account.check_password(password))
    if right:
        clear(LIMIT, user.pk)
    return right


def password_or_code_is_right(*, user: User, typed: str) -> bool:
    """Six digits are a code: no password is that short."""
    if codes.is_of_the_app(codes.plain(typed)) and has_device(user):
        return verify(user, typed)
    return password_is_right(user=user, password=typed)
