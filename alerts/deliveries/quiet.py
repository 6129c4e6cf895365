"""When a message waits. An alarm is one at any hour: only its deliveries keep quiet, and never critical ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.models import Episode, PatientAlarms, Severity

# Longer than any quiet hours, also in a night of 25 hours.
_LONGEST = timedelta(hours=26)
_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """``until`` None: for good, until somebody lets the patient's alarms be heard again."""

    until: datetime | None


def hold(*, episode: Episode, alarms: PatientAlarms | None, zone: ZoneInfo, now: datetime) -> Hold | None:
    """None: nothing holds the messages about the episode back."""
    if alarms is None or episode.severity == Severity.CRITICAL:
        return None
    if not alarms.notifies:
        return Hold(None)
    if alarms.quiet_from is None or alarms.quiet_until is None:
        return None
    until = quiet_until(alarms.quiet_from, alarms.quiet_until, zone, now)
    return None if until is None else Hold(until)


def quiet_until(begins: time, ends: time, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first minute that is not quiet by the patient's clock; None where it is not quiet now.

    Asked of the clock minute by minute: where it jumps over the end, or shows an hour twice, a sum would be wrong.
    """
    if not _is_quiet(begins, ends, zone, now):
        return None
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    last = minute + _LONGEST
    while minute < last and _is_quiet(begins, ends, zone, minute):
        minute += _STEP
    return minute


def _is_quiet(begins: time, ends: time, zone: ZoneInfo, instant: datetime) -> bool:
    clock = instant.astimezone(zone).time()
    return begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
