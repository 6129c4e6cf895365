from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.agp import agp, smoothed
from analytics.daily import daily_profiles
from analytics.ranges import PREGNANCY, times_in_ranges
from analytics.tests.made import BERLIN, MONDAY, UTC_ZONE, milliseconds, trace_of
from analytics.trace import DAY, HOUR, MINUTE, Trace

NAN = float("nan")


def test_percentiles_are_numpys_of_all_readings_of_an_hour() -> None:
    rng = np.random.default_rng(7)
    values = rng.integers(40, 400, 9 * 288 + 100)
    profile = agp(trace_of(values.tolist()))
    hours = np.arange(len(values)) * 5 // 60 % 24
    for hour, found in enumerate(profile.hours):
        mine = values[hours == hour]
        assert found.count == len(mine)
        percentiles = [found.p05, found.p25, found.p50, found.p75, found.p95]
        assert percentiles == pytest.approx(np.percentile(mine, (5, 25, 50, 75, 95)).tolist())


def test_curves_are_smoothed_over_midnight() -> None:
    raw = np.full((24, 5), 100.0)
    raw[23], raw[0], raw[1] = 160, 130, 70
    found = smoothed(raw)[:, 2]
    assert found[0] == pytest.approx((160 + 4 * 130 + 70) / 6)
    assert found[23] == pytest.approx((100 + 4 * 160 + 130) / 6)
    assert found[12] == 100


def test_beside_an_empty_hour_fewer_neighbours_weigh() -> None:
    raw = np.full((24, 5), NAN)
    raw[3], raw[4], raw[10] = 100, 150, 80
    found = smoothed(raw)[:, 0]
    assert (found[3], found[4]) == (pytest.approx((4 * 100 + 150) / 5), pytest.approx((100 + 4 * 150) / 5))
    assert found[10] == 80
    assert np.isnan(found[[2, 5, 9, 11, 23]]).all()


def test_few_readings_have_no_outer_percentiles() -> None:
    four, five = agp(trace_of([90, 100, 110, 120])), agp(trace_of([90, 100, 110, 120, 130]))
    assert (four.hours[0].p05, four.hours[0].p25, four.hours[0].p50, four.hours[0].p95) == (None, 97.5, 105, None)
    assert np.isnan(four.smoothed[0]).tolist() == [True, False, False, False, True]
    assert (five.hours[0].p05, five.hours[0].p95) == (92, 128)


def test_without_readings_there_is_no_curve() -> None:
    empty = agp(trace_of([]))
    assert len(empty.hours) == 24
    assert all(hour.count == 0 and hour.p50 is None for hour in empty.hours)
    assert np.isnan(empty.smoothed).all()
    assert daily_profiles(trace_of([])) == []


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_on_which_clocks_change_are_binned_by_the_clock(day: date, hours: int) -> None:
    """In Berlin; each reading is the hour of the clock times 10."""
    begin = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    clock = [(begin + timedelta(minutes=5 * place)).astimezone(BERLIN) for place in range(hours * 12)]
    trace = trace_of([10.0 * time.hour + 40 for time in clock], begin=begin, zone=BERLIN)
    profile = agp(trace)
    assert profile.hours[2].count == {23: 0, 25: 24}[hours]
    assert [hour.p50 for hour in profile.hours if hour.count] == [
        10.0 * hour + 40 for hour in range(24) if hours == 25 or hour != 2
    ]
    (found,) = daily_profiles(trace)
    assert (found.day, len(found.glucose), found.times.count) == (day, hours * 12, hours * 12)
    assert found.minutes.tolist() == [60.0 * time.hour + time.minute for time in clock]
    assert np.diff(found.instants).tolist() == [5 * MINUTE] * (hours * 12 - 1)


def test_daily_profiles_are_those_of_each_day_alone() -> None:
    rng = np.random.default_rng(11)
    values = rng.integers(40, 400, 3 * 288).tolist()
    trace = trace_of(values, begin=MONDAY + timedelta(hours=15), zone=BERLIN)
    profiles = daily_profiles(trace, PREGNANCY)
    assert [profile.day.isoformat() for profile in profiles] == [f"2026-03-0{day}" for day in (2, 3, 4, 5)]
    midnight = milliseconds(datetime(2026, 3, 2, tzinfo=BERLIN))
    for number, profile in enumerate(profiles):
        alone = trace.between(midnight + number * DAY, midnight + (number + 1) * DAY)
        assert profile.glucose.tolist() == alone.glucose.tolist()
        assert profile.times == times_in_ranges(alone, PREGNANCY)
        assert profile.mean == pytest.approx(alone.glucose.mean())
        assert (profile.minimum, profile.maximum) == (alone.glucose.min(), alone.glucose.max())


def test_a_gap_of_days_leaves_days_out() -> None:
    trace = Trace.of([0, 5 * DAY + HOUR], [100, 200], UTC_ZONE, beyond=[0, 1])
    profiles = daily_profiles(trace)
    assert [profile.day for profile in profiles] == [date(1970, 1, 1), date(1970, 1, 6)]
    assert [profile.minutes.tolist() for profile in profiles] == [[0.0], [60.0]]
    assert [profile.beyond.tolist() for profile in profiles] == [[0], [1]]


def test_a_clock_set_back_at_midnight_leaves_one_profile_a_day() -> None:
    """In St. John's, until 2011, a minute past midnight was 23:01 of the day before."""
    zone = ZoneInfo("America/St_Johns")
    midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    times = [midnight + timedelta(minutes=minute) for minute in (-60, 0.5, 30, 120)]
    first, second = daily_profiles(Trace.of_datetimes(times, [50, 112, 300, 90], zone))
    assert (first.glucose.tolist(), second.glucose.tolist()) == ([50, 300], [112, 90])
    assert (first.minutes.tolist(), second.minutes.tolist()) == ([1380, 1410], [0.5, 60])
