"""Quiet hours by the patient's own clock, in nights that are an hour shorter or longer too."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from alerts.deliveries.quiet import Hold, hold, quiet_until
from alerts.models import Episode, PatientAlarms

BERLIN = ZoneInfo("Europe/Berlin")
SYDNEY = ZoneInfo("Australia/Sydney")
NIGHT = (time(22), time(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        # Winter: 22:00 to 07:00 is 21:00 to 06:00 UTC.
        (BERLIN, "2026-01-10T20:59:59", None),
        (BERLIN, "2026-01-10T21:00:00", "2026-01-11T06:00:00"),
        (BERLIN, "2026-01-11T05:59:59", "2026-01-11T06:00:00"),
        (BERLIN, "2026-01-11T06:00:00", None),
        # The clock jumps from 02:00 to 03:00: the night ends at 05:00 UTC.
        (BERLIN, "2026-03-28T21:00:00", "2026-03-29T05:00:00"),
        (BERLIN, "2026-03-29T05:30:00", None),
        # 02:00 to 03:00 comes twice: the night ends at 06:00 UTC.
        (BERLIN, "2026-10-24T20:00:00", "2026-10-25T06:00:00"),
        # The same instant is quiet in Berlin and afternoon in Sydney.
        (SYDNEY, "2026-01-11T02:00:00", None),
        (SYDNEY, "2026-01-11T12:00:00", "2026-01-11T20:00:00"),
    ],
)
def test_a_night_ends_by_the_patients_clock(zone: ZoneInfo, now: str, until: str | None) -> None:
    assert quiet_until(*NIGHT, zone, utc(now)) == (None if until is None else utc(until))


def test_an_end_that_the_clock_jumps_over_is_the_jump() -> None:
    assert quiet_until(time(22), time(2, 30), BERLIN, utc("2026-03-28T23:00:00")) == utc("2026-03-29T01:00:00")


def test_hours_within_a_day() -> None:
    assert quiet_until(time(13), time(14), BERLIN, utc("2026-01-10T12:20:00")) == utc("2026-01-10T13:00:00")
    assert quiet_until(time(13), time(14), BERLIN, utc("2026-01-10T23:00:00")) is None


def test_hours_that_end_where_they_begin_are_none() -> None:
    assert quiet_until(time(7), time(7), BERLIN, utc("2026-01-10T06:00:00")) is None


@pytest.mark.parametrize("severity", ["low", "medium", "high"])
def test_all_but_critical_alarms_are_held(severity: str) -> None:
    alarms = PatientAlarms(quiet_from=time(22), quiet_until=time(7))
    now = utc("2026-01-10T23:00:00")
    held = hold(episode=Episode(severity=severity), alarms=alarms, zone=BERLIN, now=now)
    assert held == Hold(utc("2026-01-11T06:00:00"))


@pytest.mark.parametrize("notifies", [True, False])
def test_critical_alarms_pass_whatever_is_set(notifies: bool) -> None:
    alarms = PatientAlarms(quiet_from=time(22), quiet_until=time(7), notifies=notifies)
    now = utc("2026-01-10T23:00:00")
    assert hold(episode=Episode(severity="critical"), alarms=alarms, zone=BERLIN, now=now) is None


def test_a_patient_without_notifications_is_held_for_good() -> None:
    alarms = PatientAlarms(notifies=False)
    held = hold(episode=Episode(severity="high"), alarms=alarms, zone=BERLIN, now=utc("2026-01-10T12:00:00"))
    assert held == Hold(None)
