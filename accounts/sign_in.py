"""Who may sign in: the one place that REST and the admin ask, with the same work for known and unknown addresses."""

from __future__ import annotations

import uuid
from dataclasses import replace

import structlog
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from accounts import lockout, refusals, tokens
from accounts.acting import actor_of
from accounts.models import User
from accounts.one_time.services import device_is_required, has_device, verify, wait_before_next_code
from accounts.passwords import is_refused_demo_password
from accounts.principals import PersonPrincipal, person_principals
from accounts.refusals import SignInLocked, SignInRefused
from accounts.services import in_own_scope, note_use_of_membership
from audit.actions import Action, Outcome
from audit.occasion import current_occasion, occasion
from audit.services import record, record_denial
from tenancy.scope import scoped

NOBODY = uuid.UUID(int=0)

log = structlog.get_logger(__name__)


def person_with_password(*, email: str, password: str, address: str) -> User | None:
    """The person whose password this is. None for a wrong one as for an unknown address, after the same work.

    ``address``: where the try comes from, as limits count it. Raises SignInLocked; SignInRefused where the password is
    right and the account may not be used.
    """
    user = account_with_password(email=email, password=password, address=address)
    if user is None:
        return None
    if not user.is_active:
        raise SignInRefused(refusals.DISABLED, code="disabled")
    if user.email_verified_at is None:
        raise SignInRefused(refusals.NOT_CONFIRMED, code="not_confirmed")
    if not has_device(user):
        lockout.forget_attempts(email=email, address=address)
    return user


def account_with_password(*, email: str, password: str, address: str) -> User | None:
    """The same, in whatever state the account is. Raises SignInLocked."""
    try:
        lockout.begin_attempt(email=email, address=address)
    except SignInLocked:
        log.warning("sign_in_locked")
        raise
    user = User.objects.with_email(email)
    if _is_right(user, password):
        return user
    note_failed_sign_in(user=user, email=email, address=address, reason="wrong password")
    return None


def code_is_right(*, user: User, code: str, address: str) -> bool:
    """The second step, for a person whose password was right and who has a device. Raises SignInLocked."""
    if (wait := wait_before_next_code(user)) is not None:
        raise SignInLocked(wait)
    if not verify(user, code):
        note_failed_sign_in(user=user, email=user.email, address=address, reason="wrong code")
        return False
    lockout.forget_attempts(email=user.email, address=address)
    return True


def note_failed_sign_in(*, user: User | None, email: str, address: str, reason: str) -> None:
    """Count it, and tell every clinic of the person; of an unknown address only the log tells."""
    locked = lockout.note_failure(email=email, address=address)
    log.warning("sign_in_failed", reason=reason, locked=locked)
    # Nobody's id costs what a person's does.
    person = user.public_id if user else NOBODY
    record_denial(
        action=Action.LOGIN_FAILED,
        object_type="accounts.user",
        object_id=str(person),
        reason=f"{reason}; that address has to wait now" if locked else reason,
        outcome=Outcome.FAILED,
        user_public_id=person,
    )


def place_to_sign_in(user: User) -> PersonPrincipal | None:
    """The clinic in which the person worked last; None where the password has changed since ``user`` was read.

    Raises SignInRefused for a person without a clinic, and for staff who still lack the second factor they need.
    """
    principals = person_principals(user.public_id)
    if not principals:
        raise SignInRefused(refusals.NO_CLINIC, code="no_clinic")
    refuse_staff_without_second_factor(principals[0])
    return principals[0] if principals[0].user_version == user.version else None


def refuse_staff_without_second_factor(principal: PersonPrincipal) -> None:
    """Apps reach what the workplace shows, so they may not be the way around it. Raises SignInRefused."""
    user = User.objects.with_id(principal.user_id)
    if user and device_is_required(user, is_staff=principal.is_staff) and not has_device(user):
        raise SignInRefused(refusals.SECOND_FACTOR_FIRST, code="second_factor_first")


def sign_in_app(
    *, principal: PersonPrincipal, user_agent: str, reason: str, former: uuid.UUID | None = None
) -> tokens.Tokens:
    """Begin a sign-in of an app. ``reason``: how the person showed who they are; ``former``: by which sign-in."""
    with scoped(principal.scope), transaction.atomic():
        issued = tokens.start_family(principal=principal, user_agent=user_agent, former=former)
        note_use_of_membership(principal=principal)
        with occasion(replace(current_occasion(), actor=actor_of(principal), session=str(issued.family_id))):
            record(
                action=Action.LOGIN,
                object_type="accounts.user",
                object_id=str(principal.user_public_id),
                reason=reason,
            )
    return issued


@transaction.atomic
def sign_out_app(*, principal: PersonPrincipal) -> None:
    """End the sign-in behind this request; a device key's or a browser's has none."""
    if principal.family_id is None:
        return
    tokens.revoke_family(family_id=principal.family_id, because="logout")
    record(action=Action.LOGOUT, object_type="accounts.user", object_id=str(principal.user_public_id))


def _is_right(user: User | None, password: str) -> bool:
    if user is None:
        # The same hash as for a known address.
        make_password(password)
        return False
    right = check_password(password, user.password, lambda typed: _hash_anew(user, typed))
    return right and not is_refused_demo_password(password)


def _hash_anew(user: User, password: str) -> None:
    """With the hasher of today. Not where the password was changed since it was read: that one stays."""
    former, fresh = user.password, make_password(password)

    def save() -> int:
        return User.objects.filter(pk=user.pk, password=former).update(password=fresh)

    if in_own_scope(user, save):
        user.password = fresh
