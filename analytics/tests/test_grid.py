from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.grid import divisor_of_day, grid_of
from analytics.tests.traces import BERLIN, MIDNIGHT, UTC_ZONE, every, instant
from analytics.trace import MINUTE, Limit, Trace


def test_readings_on_the_grid_are_its_values() -> None:
    trace = every(5, [100, 110, None, 130, 140])
    grid = grid_of(trace)
    assert grid.values.tolist() == [100, 110, 120, 130, 140]
    assert grid.instants.tolist() == [instant(MIDNIGHT) + minutes * MINUTE for minutes in (5, 10, 15, 20, 25)]
    assert grid.covered_days == pytest.approx(25 / 1440)


def test_values_lie_on_the_line_between_readings() -> None:
    trace = Trace.of(instant(MIDNIGHT) + MINUTE * np.array([4, 9, 14]), [100, 150, 50], UTC_ZONE)
    assert grid_of(trace).values == pytest.approx([110, 130])


@pytest.mark.parametrize(("gap", "is_missing"), [(45, False), (46, True)])
def test_nothing_is_known_within_more_than_45_minutes(gap: int, is_missing: bool) -> None:
    trace = Trace.of(instant(MIDNIGHT) + MINUTE * np.array([5, 10, 10 + gap, 60]), [100, 100, 100, 100], UTC_ZONE)
    is_present = grid_of(trace, 5).is_present
    assert is_present[[0, 1]].tolist() == [True, True]
    assert is_present[2:10].tolist() == [not is_missing] * 8


def test_the_days_before_the_first_reading_are_missing() -> None:
    grid = grid_of(every(5, [100, 100], since=MIDNIGHT + timedelta(hours=1)))
    assert np.flatnonzero(grid.is_present).tolist() == [12, 13]


@pytest.mark.parametrize(
    ("minutes", "interval"),
    [(1, 1), (3, 3), (5, 5), (7, 5), (11, 10), (13, 15), (15, 15), (19, 20), (25, 20), (60, 60)],
)
def test_a_day_is_a_multiple_of_the_interval(minutes: int, interval: int) -> None:
    assert divisor_of_day(minutes) == interval
    assert 1440 % interval == 0


def test_a_day_ends_with_its_midnight() -> None:
    days = grid_of(every(60, range(1, 50))).days
    assert days.shape == (3, 24)
    assert days[0].tolist() == list(range(1, 25))
    assert days[1, 0] == 25
    assert days[2, 0] == 49
    assert np.isnan(days[2, 1:]).all()


def test_where_the_clock_goes_forward_an_hour_is_missing() -> None:
    """On 2026-03-29 in Berlin from 2 to 3: that day has 23 hours."""
    since = datetime(2026, 3, 28, tzinfo=BERLIN).astimezone(UTC)
    days = grid_of(every(60, range(1, 72), since=since, zone=BERLIN)).days
    assert np.isnan(days[1]).tolist() == [False, True, *[False] * 22]
    assert days[1, [0, 2, 23]].tolist() == [25, 26, 47]
    assert days[2, 0] == 48


def test_where_the_clock_goes_back_two_hours_are_averaged() -> None:
    """On 2026-10-25 in Berlin from 3 to 2: that day has 25 hours."""
    since = datetime(2026, 10, 25, tzinfo=BERLIN).astimezone(UTC)
    grid = grid_of(every(60, range(1, 27), since=since, zone=BERLIN))
    assert grid.days[0, :4].tolist() == [1, (2 + 3) / 2, 4, 5]
    assert grid.days[0, 23] == 25
    assert grid.differences(60).tolist() == [1] * 25


def test_a_point_is_compared_in_the_unit_of_its_readings() -> None:
    high = Limit(180, 10.0)
    in_mmol = grid_of(every(5, [180, 180, None, 180, 182], is_mmol=True))
    assert in_mmol.above(high).tolist() == [False, False, False, False, True]
    assert in_mmol.below(high).tolist() == [False] * 5
    assert grid_of(every(5, [180, 180.18])).above(high).tolist() == [False, True]


def test_without_readings_it_is_empty() -> None:
    grid = grid_of(every(5, []))
    assert (len(grid.values), grid.days.shape, grid.covered_days) == (0, (0, 288), 0)


def test_it_goes_with_its_trace() -> None:
    trace = every(5, [100, 100])
    assert grid_of(trace) is grid_of(trace)
    kept = weakref.ref(trace)
    del trace
    gc.collect()
    assert kept() is None
