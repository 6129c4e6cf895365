"""What a device does with a claim: it becomes what the claim is for, and gets its key."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.utils import timezone

from audit.actions import Action
from audit.changes import apply_changes, record_update, values_before
from audit.occasion import Actor, current_occasion, occasion
from audit.services import record_denial
from devices.models import Device, DeviceKey
from devices.provisioning import guessing
from devices.provisioning.codes import digest_of_code, typed_code
from devices.provisioning.models import ClaimCode
from devices.provisioning.refusals import AnotherDevice, ClaimRefused
from devices.services import issue_key, revoke_key
from tenancy.scope import organization_scope

CLAIM = "devices.claimcode"


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the device says of itself; empty: nothing."""

    model: str
    firmware_version: str
    serial_number: str = ""
    mac_address: str = ""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """``key`` exists only here."""

    device: Device
    key: str


def provision(*, typed: str, hardware: Hardware, address: str) -> Provisioned:
    """``typed``: a claim code as it came. Raises ClaimRefused, AnotherDevice, TooManyGuesses and ValidationError."""
    code = typed_code(typed)
    guessing.begin_try(code=code or typed, address=address)
    try:
        if code is None:
            raise ClaimRefused
        return redeem(digest=digest_of_code(code), hardware=hardware)
    except (ClaimRefused, AnotherDevice):
        guessing.note_failure(address=address)
        raise


@transaction.atomic
def redeem(*, digest: bytes, hardware: Hardware) -> Provisioned:
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id FROM devices_organization_of_claim(%s)", [digest])
        found = cursor.fetchall()
    # Of two clinics that drew the same code neither is meant.
    if len(found) != 1:
        record_denial(action=Action.KEY_USE_CHANGED, object_type=CLAIM, object_id="", reason="unknown claim code")
        raise ClaimRefused
    with organization_scope(int(found[0][0])):
        return _become(ClaimCode.objects.select_related("device").get(digest=digest), hardware)


def _become(claim: ClaimCode, hardware: Hardware) -> Provisioned:
    # The device before its claim and its keys, as everybody takes them.
    device = Device.objects.select_for_update().get(pk=claim.device_id)
    now = timezone.now()
    current = ClaimCode.objects.open_at(now).select_for_update().filter(pk=claim.pk).first()
    if current is None or device.status == Device.Status.RETIRED:
        _deny(claim, "the claim is over, or its device retired")
        raise ClaimRefused
    if hardware.serial_number and device.serial_number and hardware.serial_number != device.serial_number:
        _deny(claim, "another serial number")
        raise AnotherDevice
    actor = Actor("key", str(claim.public_id), f"claim code of {device.code}")
    with occasion(replace(current_occasion(), actor=actor)):
        apply_changes(device, _changes(device, hardware), object_id=device.code, reason="provisioned")
        # Whoever holds the device now is the only one who speaks for it.
        for key in DeviceKey.objects.live().filter(device=device):
            revoke_key(key=key)
        issued = issue_key(device=device, name="Provisioned")
        before = values_before(current, ["used_at", "key"])
        current.used_at, current.key = now, issued.key
        current.save(update_fields=["used_at", "key"])
        record_update(
            current, before, object_id=str(claim.public_id), action=Action.KEY_USE_CHANGED, reason="claim used"
        )
    return Provisioned(device, issued.text)


def _changes(device: Device, hardware: Hardware) -> dict[str, str]:
    told = {
        "firmware_version": hardware.firmware_version,
        "hardware_model": hardware.model,
        "mac_address": hardware.mac_address,
        "serial_number": hardware.serial_number,
    }
    changes = {name: value for name, value in told.items() if value}
    if device.status == Device.Status.REGISTERED:
        changes["status"] = Device.Status.ACTIVE
    return changes


def _deny(claim: ClaimCode, reason: str) -> None:
    record_denial(
        action=Action.KEY_USE_CHANGED, object_type=CLAIM, object_id=str(claim.public_id), reason=f"refused: {reason}"
    )
