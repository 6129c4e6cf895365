"""The one door for what people do with claims of devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.changes import record_creation, record_update, values_before
from audit.occasion import current_occasion
from devices.models import Device
from devices.provisioning.codes import digest_of_code, new_code
from devices.provisioning.models import ClaimCode

SHORTEST, USUAL, LONGEST = timedelta(hours=1), timedelta(days=3), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class IssuedClaim:
    """``code`` exists only here: show it once, it cannot be had again."""

    claim: ClaimCode
    code: str


@transaction.atomic
def create_claim(*, device: Device, valid_for: timedelta = USUAL) -> IssuedClaim:
    """The right to become this device, once. A claim that it had before is taken back. Raises ValidationError."""
    code = new_code()
    return IssuedClaim(open_claim(device=device, digest=digest_of_code(code), valid_for=valid_for), code)


@transaction.atomic
def open_claim(*, device: Device, digest: bytes, valid_for: timedelta) -> ClaimCode:
    if not SHORTEST <= valid_for <= LONGEST:
        raise ValidationError("A claim is valid for an hour at least and 30 days at most.")
    locked: Device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    if locked.status == Device.Status.RETIRED:
        raise ValidationError("The device is retired.")
    now = timezone.now()
    for former in ClaimCode.objects.open_at(now).filter(device=locked):
        withdraw_claim(claim=former)
    claim: ClaimCode = ClaimCode.objects.create(
        device=locked, digest=digest, expires_at=now + valid_for, created_by=current_occasion().actor.name
    )
    record_creation(claim, object_id=str(claim.public_id), action=Action.KEY_USE_CHANGED, reason="claim made")
    return claim


@transaction.atomic
def withdraw_claim(*, claim: ClaimCode) -> None:
    """Its code is refused from now on. Repeating it, or a claim that is over, changes nothing."""
    now = timezone.now()
    locked = ClaimCode.objects.open_at(now).select_for_update().filter(pk=claim.pk).first()
    if locked is None:
        return
    before = values_before(locked, ["withdrawn_at"])
    locked.withdrawn_at = now
    locked.save(update_fields=["withdrawn_at"])
    record_update(
        locked, before, object_id=str(locked.public_id), action=Action.KEY_USE_CHANGED, reason="claim taken back"
    )
