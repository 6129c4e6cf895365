from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dexcom_sync.records import times
from dexcom_sync.records.outcomes import Context, Flag, Leniency, Reason
from dexcom_sync.records.times import OffsetSource, ReadTimes, derive_offset, read_times
from dexcom_sync.tests.records.raw import CONTEXT, NOW

SYSTEM = "2025-03-09T14:05:11Z"
HOUR, DAY = 3600, 86_400


def read(system: object, display: object, context: Context = CONTEXT) -> ReadTimes:
    found = read_times(system, display, context)
    assert isinstance(found, ReadTimes)
    return found


@pytest.mark.parametrize(
    ("difference", "minutes", "days", "drift"),
    [
        (0, 0, 0, 0),
        (-7 * HOUR, -420, 0, 0),
        (5 * HOUR + 45 * 60, 345, 0, 0),
        (12 * HOUR + 45 * 60, 765, 0, 0),
        (14 * HOUR, 840, 0, 0),
        (-12 * HOUR, -720, 0, 0),
        (-7 * HOUR + 100, -420, 0, 100),
        (-7 * HOUR - 449, -420, 0, -449),
        (15 * HOUR, -9 * 60, 1, 0),
        (-13 * HOUR, 11 * 60, -1, 0),
        (DAY + HOUR, 60, 1, 0),
        (3 * DAY - 7 * HOUR, -420, 3, 0),
        (-2 * DAY + 60, 0, -2, 60),
    ],
)
def test_offset_wrong_date_and_drift_are_told_apart(difference: int, minutes: int, days: int, drift: int) -> None:
    assert derive_offset(difference) == (minutes, days, drift)


@given(st.integers(-400 * DAY, 400 * DAY))
def test_offset_days_and_drift_add_up(difference: int) -> None:
    minutes, days, drift = derive_offset(difference)

    assert minutes * 60 + days * DAY + drift == difference
    assert -12 * 60 <= minutes <= 14 * 60
    assert minutes % 15 == 0
    assert abs(drift) <= 450


def test_a_phone_tells_its_offset() -> None:
    found = read(SYSTEM, "2025-03-09T07:05:11-07:00")

    assert (found.flags, found.leniencies) == ((), ())
    assert found.times.utc_offset_minutes == -420
    assert found.times.offset_source is OffsetSource.EXPLICIT
    assert found.times.display_time == found.times.local_time == datetime.fromisoformat("2025-03-09T07:05:11")
    assert found.times.display_offset_seconds == -7 * HOUR
    assert found.times.display_text == "2025-03-09T07:05:11-07:00"


def test_an_explicit_offset_wins_over_the_difference() -> None:
    found = read(SYSTEM, "2025-03-09T07:35:21-07:00").times

    assert (found.utc_offset_minutes, found.offset_source) == (-420, OffsetSource.EXPLICIT)
    assert found.clock_drift_seconds == 30 * 60 + 10


def test_a_wall_time_of_kathmandu_gives_its_offset() -> None:
    found = read("2025-03-09T14:05:11", "2025-03-09T19:50:13").times

    assert (found.utc_offset_minutes, found.offset_source, found.clock_drift_seconds) == (
        345,
        OffsetSource.DERIVED,
        2,
    )


def test_a_receiver_that_does_not_know_its_zone_has_the_patients() -> None:
    """Q3. Before and after the night of summer time in Denver."""
    before = read("2025-03-09T08:05:11", "2025-03-09T08:05:11").times
    after = read("2025-03-09T14:05:11", "2025-03-09T14:05:11").times

    assert before.offset_source is after.offset_source is OffsetSource.ASSUMED
    assert (before.utc_offset_minutes, after.utc_offset_minutes) == (-420, -360)
    assert after.display_time == datetime.fromisoformat("2025-03-09T14:05:11")
    assert after.local_time == datetime.fromisoformat("2025-03-09T08:05:11")


def test_a_zulu_behind_a_wall_time_is_no_offset() -> None:
    found = read(SYSTEM, "2025-03-09T07:05:11Z")

    assert (found.times.utc_offset_minutes, found.times.offset_source) == (-420, OffsetSource.DERIVED)
    assert found.leniencies == (Leniency.DISPLAY_ZULU_IS_NO_OFFSET,)


def test_greenwich_may_say_so() -> None:
    assert read(SYSTEM, SYSTEM).times.offset_source is OffsetSource.EXPLICIT


@pytest.mark.parametrize("display", [None, "", "noon", 7])
def test_without_display_time_the_offset_is_assumed_and_that_is_told(display: object) -> None:
    found = read(SYSTEM, display)

    assert found.leniencies == (Leniency.DISPLAY_TIME_UNREADABLE,)
    assert (found.times.display_time, found.times.display_offset_seconds) == (None, None)
    assert found.times.display_text == ""
    assert (found.times.utc_offset_minutes, found.times.offset_source) == (-360, OffsetSource.ASSUMED)


def test_a_wrong_date_is_flagged() -> None:
    found = read(SYSTEM, "2025-03-11T07:05:11")

    assert found.flags == (Flag.WRONG_DATE,)
    assert (found.times.wrong_days, found.times.utc_offset_minutes) == (2, -420)


def test_a_clock_that_is_ahead_is_flagged_and_one_that_is_far_ahead_waits() -> None:
    """Q4."""
    ahead = (NOW + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    far = (NOW + timedelta(hours=25)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert read(ahead, ahead).flags == (Flag.CLOCK_AHEAD,)
    assert read_times(far, far, CONTEXT) is Reason.TIME_TOO_FAR_AHEAD
    assert read("1970-01-02T00:00:00", None).flags == (Flag.LONG_AGO,)


def test_without_system_time_there_is_no_record() -> None:
    assert read_times(None, SYSTEM, CONTEXT) is Reason.TIME_UNREADABLE


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    st.integers(-12 * 4, 14 * 4),
    st.sampled_from([0, 0, 0, 1, -90, 1800, DAY]),
)
def test_the_fast_way_reads_the_same_as_the_general_one(wall: datetime, quarters: int, drift: int) -> None:
    offset = timedelta(minutes=15 * quarters)
    system = wall.replace(microsecond=0, tzinfo=UTC)
    display = system + offset + timedelta(seconds=drift)
    sign = "-" if quarters < 0 else "+"
    hours, minutes = divmod(abs(15 * quarters), 60)
    texts = f"{system:%Y-%m-%dT%H:%M:%S}Z", f"{display:%Y-%m-%dT%H:%M:%S}{sign}{hours:02}:{minutes:02}"

    assert read_times(*texts, CONTEXT) == times._any_times(*texts, CONTEXT)


def test_the_repeated_hour_of_autumn_keeps_two_instants() -> None:
    """Q18."""
    context = Context(now=datetime(2025, 12, 1, tzinfo=UTC), zone=ZoneInfo("America/Denver"))
    first = read("2025-11-02T07:30:00Z", "2025-11-02T01:30:00-06:00", context).times
    second = read("2025-11-02T08:30:00Z", "2025-11-02T01:30:00-07:00", context).times

    assert first.local_time == second.local_time
    assert second.system_time - first.system_time == timedelta(hours=1)
