"""Second factors of people: the one door for sign-in to ask, and for enrolment to change them.

All rows are a person's own: outside any scope each function enters the person's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import OneTimeDevice, RecoveryCode, User
from accounts.one_time import codes
from accounts.services import in_own_scope
from audit.actions import Action
from audit.services import record_for_person
from tenancy.limits import allow, clear, peek

LIMIT = "proofs"
# Counted apart from passwords: whoever knows the password may not clear the count of wrong codes with it.
CODES = "codes"
WRONG_CODE = "The code is not right, or it was used already. Wait for the next one and type that."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """``secret`` and ``uri`` are shown until a code confirms them."""

    public_id: UUID
    secret: str
    uri: str


def has_device(user: User) -> bool:
    """Whether signing in needs a code as well."""
    return in_own_scope(user, lambda: _confirmed(user) is not None)


def device_is_required(user: User, *, is_staff: bool) -> bool:
    """Whether the person may not work without a second factor. Support reaches every clinic, so there is no choice."""
    if user.support_name:
        return "required" in (settings.SUPPORT_SECOND_FACTOR, settings.STAFF_SECOND_FACTOR)
    return is_staff and settings.STAFF_SECOND_FACTOR == "required"


def wait_before_next_code(user: User) -> float | None:
    """Seconds until another code is looked at, after too many wrong ones."""
    return peek(LIMIT, CODES, user.pk)


def too_often(wait: float) -> str:
    return f"Too many wrong attempts. Wait {max(math.ceil(wait / 60), 1)} minutes."


def verify(user: User, code: str) -> bool:
    """Whether ``code`` is right now, of the person's device or a recovery code. A right one is used up by this.

    After five wrong codes in 15 minutes no code is right for a while: see ``wait_before_next_code``.
    """
    typed = codes.plain(code)
    # Counted before it is looked at: guesses side by side get no further than guesses in a row.
    if allow(LIMIT, CODES, user.pk) is not None:
        return False
    right = in_own_scope(user, lambda: _use(user, typed))
    if right:
        clear(LIMIT, CODES, user.pk)
    return right


def enrol(*, user: User) -> Enrolment:
    """A new secret for the person's app, in the place of one that was never confirmed.

    Raises ValidationError where the person has a confirmed device: that is disabled first.
    """
    return in_own_scope(user, lambda: _enrol(user))


def pending_enrolment(user: User, public_id: UUID) -> Enrolment | None:
    """What waits for its first code; only for who began it: a secret that two know is none."""
    return in_own_scope(user, lambda: _pending(user, public_id))


def confirm(*, user: User, code: str, public_id: UUID | None = None) -> list[str]:
    """Put the enrolled device into use, and return the recovery codes, which are not to be had again.

    ``public_id``: of the enrolment that is meant, where the caller knows it. Raises ValidationError for a wrong code,
    and where nothing was enrolled.
    """
    if (wait := allow(LIMIT, CODES, user.pk)) is not None:
        raise ValidationError(too_often(wait))
    recovery = in_own_scope(user, lambda: _confirm(user, codes.plain(code), public_id))
    clear(LIMIT, CODES, user.pk)
    return recovery


def renew_recovery_codes(*, user: User) -> list[str]:
    """Ten new ones; the old ones are void. Raises ValidationError where there is no device."""
    return in_own_scope(user, lambda: _renew(user))


def recovery_codes_left(user: User) -> int:
    return in_own_scope(user, lambda: RecoveryCode.objects.filter(user=user, used_at__isnull=True).count())


def confirmed_device(user: User) -> OneTimeDevice | None:
    return in_own_scope(user, lambda: _confirmed(user))


def disable(*, user: User, reason: str) -> bool:
    """Take the second factor away; False where there was none. Each clinic of the person reads of it."""
    return in_own_scope(user, lambda: _disable(user, reason))


def _confirmed(user: User) -> OneTimeDevice | None:
    return OneTimeDevice.objects.filter(user=user, confirmed_at__isnull=False).first()


def _use(user: User, typed: str) -> bool:
    if codes.is_of_the_app(typed):
        device = _confirmed(user)
        step = codes.step_of(secret=device.secret, code=typed, after=device.last_step) if device else None
        # Of two who send the same code at once, the second waits here and finds the step used.
        return step is not None and _advance(user, step)
    if codes.is_for_recovery(typed):
        unused = RecoveryCode.objects.filter(
            user=user, digest=codes.recovery_digest(user_id=user.pk, code=typed), used_at__isnull=True
        )
        return unused.update(used_at=timezone.now()) == 1
    return False


def _advance(user: User, step: int) -> bool:
    return OneTimeDevice.objects.filter(user=user, last_step__lt=step).update(last_step=step) == 1


@transaction.atomic
def _enrol(user: User) -> Enrolment:
    device = OneTimeDevice.objects.select_for_update().filter(user=user).first()
    if device is not None and device.confirmed_at is not None:
        raise ValidationError("There is a second factor already. Disable it before you set up another.")
    if device is not None:
        device.delete()
    return _shown(user, OneTimeDevice.objects.create(user=user, secret=codes.new_secret()))


def _pending(user: User, public_id: UUID) -> Enrolment | None:
    device = OneTimeDevice.objects.filter(user=user, public_id=public_id, confirmed_at__isnull=True).first()
    return _shown(user, device) if device else None


def _shown(user: User, device: OneTimeDevice) -> Enrolment:
    return Enrolment(device.public_id, device.secret, codes.otpauth_uri(secret=device.secret, email=user.email))


@transaction.atomic
def _confirm(user: User, typed: str, public_id: UUID | None) -> list[str]:
    device = OneTimeDevice.objects.select_for_update().filter(user=user, confirmed_at__isnull=True).first()
    if device is None or public_id not in (None, device.public_id):
        raise ValidationError("Nothing waits to be confirmed. Begin the set-up again.")
    step = codes.step_of(secret=device.secret, code=typed, after=0) if codes.is_of_the_app(typed) else None
    if step is None:
        raise ValidationError({"code": ValidationError(WRONG_CODE, code="wrong_code")})
    device.last_step, device.confirmed_at = step, timezone.now()
    device.save(update_fields=["last_step", "confirmed_at"])
    record_for_person(user_public_id=user.public_id, action=Action.SECOND_FACTOR, reason="set up")
    return _new_recovery_codes(user)


@transaction.atomic
def _renew(user: User) -> list[str]:
    if _confirmed(user) is None:
        raise ValidationError("There is no second factor yet: set one up first.")
    record_for_person(user_public_id=user.public_id, action=Action.SECOND_FACTOR, reason="new recovery codes")
    return _new_recovery_codes(user)


def _new_recovery_codes(user: User) -> list[str]:
    fresh = codes.new_recovery_codes()
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=codes.recovery_digest(user_id=user.pk, code=code)) for code in fresh
    )
    return fresh


@transaction.atomic
def _disable(user: User, reason: str) -> bool:
    RecoveryCode.objects.filter(user=user).delete()
    count, _ = OneTimeDevice.objects.filter(user=user).delete()
    if count:
        record_for_person(user_public_id=user.public_id, action=Action.SECOND_FACTOR, reason=reason)
    return count > 0
