"""What may become of a command, and what its stream is told: the one table for people, devices and the sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from devices.commands.models import CommandStep, DeviceCommand, Status
from tenancy.live import Notice

# From each state, where it may go. A failure and a timeout go back to pending where they are tried again.
ALLOWED: dict[str, frozenset[str]] = {
    Status.PENDING: frozenset({Status.SENT, Status.CANCELLED, Status.TIMEOUT}),
    Status.SENT: frozenset({Status.EXECUTING, Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.TIMEOUT}),
    Status.EXECUTING: frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.TIMEOUT}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset({Status.PENDING, Status.CANCELLED}),
    Status.CANCELLED: frozenset({Status.PENDING}),
    Status.TIMEOUT: frozenset({Status.PENDING, Status.CANCELLED}),
}
OPEN = frozenset({Status.PENDING, Status.SENT, Status.EXECUTING})
# What a device may say of a command that it has.
REPORTED = (Status.EXECUTING, Status.COMPLETED, Status.FAILED)
# As a device counts as offline: one that does not fetch in so long does not do it unasked much later.
INTERVALS_TO_FETCH = 3
OFFER_AGAIN_SECONDS = 60
CREATED, CANCELLED, UPDATED = "command.created", "command.cancelled", "command.updated"


def may_become(status: str, next_status: str) -> bool:
    return next_status in ALLOWED[status]


def may_be_cancelled(command: DeviceCommand) -> bool:
    """A failure or a timeout only while it waits for its next try."""
    return may_become(command.status, Status.CANCELLED) and (command.status in OPEN or command.next_step_at is not None)


def fetched_until(command: DeviceCommand, reading_interval: int) -> datetime:
    """Until when a command that is due has to be fetched."""
    seconds = max(command.timeout_seconds, INTERVALS_TO_FETCH * reading_interval)
    return command.due_at + timedelta(seconds=seconds)


def retry_at(command: DeviceCommand, now: datetime) -> datetime | None:
    """When it is tried again by itself; None: this was the last try."""
    return now + timedelta(seconds=command.retry_delay_seconds) if command.attempt < command.retries else None


def begin_again(command: DeviceCommand, now: datetime, reading_interval: int) -> None:
    """A further attempt, from now on."""
    command.status = Status.PENDING
    command.attempt += 1
    command.due_at = now
    command.expires_at = command.next_step_at = fetched_until(command, reading_interval)
    command.sent_at = command.executing_at = command.finished_at = command.offer_again_at = None
    command.result, command.error, command.reason = None, "", ""


def step_of(command: DeviceCommand, at: datetime, *, by: str, note: str = "") -> CommandStep:
    return CommandStep(command=command, at=at, status=command.status, attempt=command.attempt, by=by, note=note)


def created_notice(command: DeviceCommand, at: datetime) -> Notice:
    """For the device as well: the id, and it fetches the rest."""
    return Notice(CREATED, at, device_id=command.device_id, data={"id": str(command.public_id)})


def cancelled_notice(command: DeviceCommand, at: datetime) -> Notice:
    return Notice(CANCELLED, at, device_id=command.device_id, data={"id": str(command.public_id)})


def updated_notice(command: DeviceCommand, at: datetime) -> Notice:
    return updated(command.device_id, str(command.public_id), command.type, command.status, command.attempt, at)


def updated(device_id: int, command_id: str, kind: str, status: str, attempt: int, at: datetime) -> Notice:
    data: dict[str, Any] = {"id": command_id, "type": kind, "status": status, "attempt": attempt}
    return Notice(UPDATED, at, device_id=device_id, data=data)
