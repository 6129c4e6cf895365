from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.trace import HOUR, MINUTE, Limit, Trace

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")


def test_the_order_of_readings_does_not_matter() -> None:
    trace = Trace.of([3 * MINUTE, MINUTE, 2 * MINUTE], [30, 10, 20], UTC_ZONE)
    assert trace.instants.tolist() == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    assert trace.glucose.tolist() == [10, 20, 30]


def test_values_that_are_no_number_are_left_out() -> None:
    trace = Trace.of([1, 2, 3], [100, np.nan, np.inf], UTC_ZONE)
    assert (trace.instants.tolist(), trace.glucose.tolist()) == ([1], [100])


def test_two_at_an_instant_are_averaged() -> None:
    trace = Trace.of([1, 1, 2], [100, 110, 120], UTC_ZONE, beyond=[0, 1, 1])
    assert (trace.glucose.tolist(), trace.beyond.tolist()) == ([105, 120], [0, 1])


def test_a_value_is_compared_in_the_unit_it_came_in() -> None:
    """7.8 mmol/L is stored as 141 mg/dL, and is in the tight range nevertheless."""
    tight = Limit(140, 7.8)
    trace = Trace.of([1, 2, 3, 4], [141, 141, 142, 140], UTC_ZONE, is_mmol=[True, False, True, False])
    assert trace.above(tight).tolist() == [False, True, True, False]
    assert Trace.of([1, 2], [250, 252], UTC_ZONE, is_mmol=True).above(Limit(250, 13.9)).tolist() == [False, True]
    assert Trace.of([1, 2], [70, 68], UTC_ZONE, is_mmol=True).below(Limit(70, 3.9)).tolist() == [False, True]


@pytest.mark.parametrize("tenths", range(20, 280))
def test_mmol_survive_the_integer_of_mg_dl(tenths: int) -> None:
    trace = Trace.of([0], [round(tenths / 10 * 18.0182)], UTC_ZONE, is_mmol=True)
    assert trace.tenths_of_mmol.tolist() == [tenths]
    assert trace.glucose[0] == pytest.approx(tenths / 10 * 18.0182)


def test_days_and_hours_are_those_of_the_patients_clock() -> None:
    """On 2026-03-29 the clock in Berlin goes from 2 to 3."""
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC)
    trace = Trace.of_datetimes([midnight + timedelta(hours=hour) for hour in range(24)], [100] * 24, BERLIN)
    assert trace.hours_of_day.tolist() == [0, 1, *range(3, 24), 0]
    assert len(np.unique(trace.local_days)) == 2
    expected = [(midnight + timedelta(hours=hour)).astimezone(BERLIN).replace(tzinfo=UTC) for hour in range(24)]
    assert trace.local.tolist() == [round(time.timestamp() * 1000) for time in expected]


def test_an_hour_that_comes_twice_is_the_same_hour() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    trace = Trace.of_datetimes([first, first + timedelta(hours=1)], [100, 100], BERLIN)
    assert trace.hours_of_day.tolist() == [2, 2]


@pytest.mark.parametrize(("minutes", "interval"), [([0], 5), ([], 5), ([0, 1, 2], 1), ([0, 15, 30, 200], 15)])
def test_the_interval_is_that_of_most_readings(minutes: list[int], interval: int) -> None:
    assert Trace.of([minute * MINUTE for minute in minutes], [100] * len(minutes), UTC_ZONE).interval == interval


def test_a_part_has_its_begin_and_not_its_end() -> None:
    trace = Trace.of([0, HOUR, 2 * HOUR], [1, 2, 3], UTC_ZONE)
    assert trace.between(0, 2 * HOUR).glucose.tolist() == [1, 2]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        Trace.of_datetimes([datetime(2026, 1, 1)], [100], UTC_ZONE)  # noqa: DTZ001
