"""The one door for what people do with commands. What devices do with them: ``devices.commands.statements``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.changes import record_creation, record_update, values_before
from audit.occasion import current_occasion
from devices.commands.models import CommandTemplate, DeviceCommand, Status
from devices.commands.parameters import checked
from devices.commands.steps import (
    begin_again,
    cancelled_notice,
    created_notice,
    fetched_until,
    may_be_cancelled,
    may_become,
    step_of,
    updated_notice,
)
from devices.models import Device
from tenancy.live import publish_after_commit
from tenancy.managers import audited_elsewhere

MOST_OPEN = 100
# What a command takes from its template where it is not said.
ORDERED = ("type", "priority", "parameters", "timeout_seconds", "retries", "retry_delay_seconds", "description")


@dataclass(frozen=True, slots=True)
class Ordering:
    """What came of one device of many: the command, or why there is none."""

    device: Device
    command: DeviceCommand | None
    refusal: ValidationError | None = None


@transaction.atomic
def order_command(*, device: Device, scheduled_at: datetime | None = None, **ordered: Any) -> DeviceCommand:
    """``ordered``: fields of ``Ordered``; only ``type`` is needed. Raises ValidationError."""
    now = timezone.now()
    if device.status == Device.Status.RETIRED:
        raise ValidationError("The device is retired.")
    if scheduled_at is not None and scheduled_at <= now:
        raise ValidationError({"scheduled_at": ValidationError("Name a time in the future.", code="past")})
    if DeviceCommand.objects.open().filter(device=device).count() >= MOST_OPEN:
        raise ValidationError(f"The device has {MOST_OPEN} open commands already: cancel some, or wait for them.")
    command = DeviceCommand(device=device, scheduled_at=scheduled_at, due_at=scheduled_at or now, **ordered)
    command.requested_by = current_occasion().actor.name
    command.expires_at = fetched_until(command, device.reading_interval)
    # Later ones are told when they become due.
    command.next_step_at = scheduled_at or command.expires_at
    command.full_clean()
    command.parameters = checked(command.type, command.parameters)
    command.save()
    step_of(command, now, by=command.requested_by or "platform").save()
    record_creation(command, object_id=str(command.public_id), skip=["due_at", "expires_at", "next_step_at"])
    publish_after_commit([] if scheduled_at else [created_notice(command, now)])
    return command


def order_for_many(
    *, devices: Sequence[Device], scheduled_at: datetime | None = None, **ordered: Any
) -> list[Ordering]:
    """The same command for each; one that is refused does not stop the others."""
    return [_tried(device, scheduled_at, ordered) for device in devices]


def _tried(device: Device, scheduled_at: datetime | None, ordered: dict[str, Any]) -> Ordering:
    try:
        return Ordering(device, order_command(device=device, scheduled_at=scheduled_at, **ordered))
    except ValidationError as refusal:
        return Ordering(device, None, refusal)


@transaction.atomic
def cancel_command(*, command: DeviceCommand, reason: str = "") -> DeviceCommand:
    """What the device does already it is not stopped in: its report is refused. Raises ValidationError."""
    locked: DeviceCommand = DeviceCommand.objects.select_for_update(no_key=True).get(pk=command.pk)
    if not may_be_cancelled(locked):
        raise ValidationError(f"The command is {locked.status}: there is nothing left to cancel.")
    now = timezone.now()
    before = values_before(locked, ["status", "reason"])
    locked.status, locked.reason = Status.CANCELLED, reason
    locked.finished_at, locked.next_step_at, locked.offer_again_at = now, None, None
    locked.full_clean(exclude=["parameters"])
    locked.save()
    _note(locked, now, before, note=reason)
    publish_after_commit([cancelled_notice(locked, now), updated_notice(locked, now)])
    return locked


@transaction.atomic
def retry_command(*, command: DeviceCommand) -> DeviceCommand:
    """Once more at once, whatever number of tries it had. Raises ValidationError."""
    found = DeviceCommand.objects.select_related("device").select_for_update(no_key=True, of=("self",))
    locked: DeviceCommand = found.get(pk=command.pk)
    if not may_become(locked.status, Status.PENDING):
        raise ValidationError(f"The command is {locked.status}: only one that failed or was cancelled is tried again.")
    if locked.device.status == Device.Status.RETIRED:
        raise ValidationError("The device is retired.")
    now = timezone.now()
    before = values_before(locked, ["status", "attempt"])
    begin_again(locked, now, locked.device.reading_interval)
    locked.save()
    _note(locked, now, before, note="tried again by hand")
    publish_after_commit([created_notice(locked, now), updated_notice(locked, now)])
    return locked


def _note(command: DeviceCommand, now: datetime, before: Any, *, note: str) -> None:
    step_of(command, now, by=current_occasion().actor.name or "platform", note=note).save()
    record_update(command, before, object_id=str(command.public_id), reason=note)


def from_template(template: CommandTemplate) -> dict[str, Any]:
    """What a command takes from it; ``order_command`` and its like take these. Counts the use."""
    used = CommandTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    with audited_elsewhere("the command itself is recorded; this counts it"):
        CommandTemplate.objects.filter(pk=used.pk).update(usage_count=used.usage_count + 1)
    return {name: getattr(used, name) for name in ORDERED}
