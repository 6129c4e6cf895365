"""What happens to commands by time alone: they become due, expire, and are tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit.actions import Action
from audit.services import record
from devices.commands.models import CommandStep, DeviceCommand, Status
from devices.commands.steps import OPEN, begin_again, created_notice, retry_at, step_of, updated_notice
from tenancy.directory import organizations_named_by
from tenancy.live import Notice, publish_after_commit
from tenancy.managers import audited_elsewhere

AT_ONCE = 500
BY = "platform"
_CHANGED = [
    *("status", "attempt", "due_at", "expires_at", "next_step_at", "offer_again_at", "sent_at", "executing_at"),
    *("finished_at", "result", "error", "reason"),
]


def organizations_with_steps() -> list[int]:
    return organizations_named_by("devices_organizations_with_command_steps")


def take_due_steps(now: datetime) -> int:
    """Of the clinic in scope; returns how many commands had one."""
    taken = 0
    while found := _take_some(now):
        taken += found
        if found < AT_ONCE:
            break
    return taken


@transaction.atomic
def _take_some(now: datetime) -> int:
    due = DeviceCommand.objects.needing_a_step(now).select_related("device")
    commands = list(due.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("id")[:AT_ONCE])
    steps: list[CommandStep] = []
    notices: list[Notice] = []
    for command in commands:
        _take(command, now, steps, notices)
    with audited_elsewhere("nobody acted; each command's history has its steps"):
        DeviceCommand.objects.bulk_update(commands, _CHANGED)
    CommandStep.objects.bulk_create(steps)
    publish_after_commit(notices)
    return len(commands)


def _take(command: DeviceCommand, now: datetime, steps: list[CommandStep], notices: list[Notice]) -> None:
    if command.status not in OPEN:
        begin_again(command, now, command.device.reading_interval)
        steps.append(step_of(command, now, by=BY, note="tried again"))
        notices += [created_notice(command, now), updated_notice(command, now)]
    elif command.expires_at <= now:
        was_fetched = command.status != Status.PENDING
        command.status, command.finished_at, command.offer_again_at = Status.TIMEOUT, now, None
        command.next_step_at = retry_at(command, now)
        command.error = "The device did not report the end in time." if was_fetched else "The device did not fetch it."
        steps.append(step_of(command, now, by=BY, note=command.error))
        notices.append(updated_notice(command, now))
    else:
        # Scheduled for now: the device that listens hears of it.
        command.next_step_at = command.expires_at
        notices.append(created_notice(command, now))


@transaction.atomic
def remove_old(now: datetime) -> int:
    """Commands of the clinic in scope that ended longer ago than COMMAND_RETENTION_DAYS, and their history."""
    before = now - timedelta(days=settings.COMMAND_RETENTION_DAYS)
    old = DeviceCommand.objects.filter(finished_at__lt=before, next_step_at__isnull=True).exclude(status__in=OPEN)
    ids = list(old.order_by("id").values_list("pk", flat=True)[: 10 * AT_ONCE])
    if not ids:
        return 0
    CommandStep.objects.filter(command_id__in=ids).delete()
    with audited_elsewhere("one entry for all of them"):
        DeviceCommand.objects.filter(pk__in=ids).delete()
    record(action=Action.EXPIRE, object_type="devices.devicecommand", object_id="", count=len(ids))
    return len(ids)
