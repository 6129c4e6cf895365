"""Somebody who is signed in shows once more who they are: by the password, a code, or both."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.one_time import codes
from accounts.one_time.services import LIMIT, has_device, verify, wait_before_next_code
from accounts.refusals import SignInLocked
from accounts.services import in_own_scope
from audit.actions import Action, Outcome
from audit.services import record_denial
from tenancy.limits import allow, clear, peek

PASSWORDS = "passwords"


def password_is_right(*, user: User, password: str) -> bool:
    """Never after five wrong proofs in 15 minutes: a session left open does not help to guess."""
    if "\x00" in password or allow(LIMIT, PASSWORDS, user.pk) is not None:
        return False
    # The principal's user is without its password where it came from a token.
    account = User.objects.with_id(user.pk)
    right = account is not None and in_own_scope(account, lambda: account.check_password(password))
    if right:
        clear(LIMIT, PASSWORDS, user.pk)
    return right


def require_password(*, user: User, password: str, field: str = "password") -> None:
    """Raises SignInLocked after too many wrong proofs; ValidationError, which names the field, for a wrong password."""
    if (wait := peek(LIMIT, PASSWORDS, user.pk)) is not None:
        raise SignInLocked(wait)
    if password_is_right(user=user, password=password):
        return
    record_denial(
        action=Action.LOGIN_FAILED,
        object_type="accounts.user",
        object_id=str(user.public_id),
        reason="wrong password, asked for once more",
        outcome=Outcome.FAILED,
    )
    raise ValidationError({field: ValidationError("This is not your password.", code="wrong_password")})


def password_or_code_is_right(*, user: User, typed: str) -> bool:
    return verify(user, typed) if _is_code(user, typed) else password_is_right(user=user, password=typed)


def wait_before_next_proof(*, user: User, typed: str) -> float | None:
    """Seconds until another proof of the kind of ``typed`` is looked at, after too many wrong ones."""
    return wait_before_next_code(user) if _is_code(user, typed) else peek(LIMIT, PASSWORDS, user.pk)


def _is_code(user: User, typed: str) -> bool:
    """Six digits are a code: no password is that short."""
    return codes.is_of_the_app(codes.plain(typed)) and has_device(user)
