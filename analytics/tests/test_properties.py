"""What holds for every trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analytics.agp import agp, smoothed
from analytics.centre import centre
from analytics.daily import daily_profiles
from analytics.gri import gri
from analytics.plain import as_plain
from analytics.ranges import PREGNANCY, RANGES, STANDARD, TimesInRanges, range_places, times_in_ranges
from analytics.risk import risk
from analytics.sensor_use import sensor_use
from analytics.summary import analyse
from analytics.tests.made import BERLIN, UTC_ZONE
from analytics.trace import DAY, MINUTE, Trace
from analytics.units import MG_DL_PER_MMOL_L

MG_DL = st.integers(39, 401)
TENTHS = st.integers(22, 222)
LIMITS = st.sampled_from([STANDARD, PREGNANCY])
# Around the change of clocks in March 2026.
INSTANTS = st.integers(1_774_600_000_000, 1_774_600_000_000 + 20 * DAY)
READINGS = st.dictionaries(INSTANTS, MG_DL, max_size=60)


def trace_of(readings: dict[int, int]) -> Trace:
    return Trace.of(list(readings), list(readings.values()), BERLIN)


@given(st.lists(MG_DL, min_size=1, max_size=200), LIMITS)
def test_shares_sum_to_a_hundred(glucose: list[int], limits) -> None:
    times = times_in_ranges(Trace.of(np.arange(len(glucose)) * MINUTE, glucose, UTC_ZONE), limits)
    assert sum(getattr(times, name) for name in RANGES) == times.count == len(glucose)
    assert sum(times.percent(name) or 0 for name in RANGES) == pytest.approx(100)
    index = gri(replace(times, limits=STANDARD))
    assert index is not None
    assert 0 <= index.value <= 100


@given(st.tuples(*[st.integers(0, 20_000)] * 5).filter(any))
def test_whole_percents_sum_to_a_hundred_and_are_near_the_truth(counts: tuple[int, int, int, int, int]) -> None:
    times = TimesInRanges(sum(counts), *counts, tight=0)
    whole = times.whole_percents()
    assert sum(whole.values()) == 100
    for name, shown in whole.items():
        exact = times.percent(name)
        assert exact is not None
        assert 0 <= shown <= 100
        assert abs(shown - exact) < 3
        assert exact > 0 or shown == 0


@given(st.lists(TENTHS, min_size=1, max_size=50), LIMITS)
def test_storing_mmol_in_mg_dl_changes_no_class(tenths: list[int], limits) -> None:
    """As the database does, in whole mg/dL; and the classes are those of the tenths."""
    instants = np.arange(len(tenths)) * MINUTE
    exact = np.array(tenths) / 10 * MG_DL_PER_MMOL_L
    places = [
        range_places(Trace.of(instants, values, UTC_ZONE, is_mmol=True), limits) for values in (exact, np.rint(exact))
    ]
    assert places[0].tolist() == places[1].tolist()
    low, high = round(limits.low.mmol_l * 10), round(limits.high.mmol_l * 10)
    assert [place < 2 for place in places[0]] == [tenth < low for tenth in tenths]
    assert [place > 2 for place in places[0]] == [tenth > high for tenth in tenths]


@given(READINGS, st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_order_of_readings_does_not_matter(readings: dict[int, int], chance) -> None:
    shuffled = list(readings.items())
    chance.shuffle(shuffled)
    since, until = 1_774_600_000_000, 1_774_600_000_000 + 21 * DAY
    one, other = (as_plain(analyse(trace_of(each), since, until)) for each in (readings, dict(shuffled)))
    assert one == other


@given(READINGS.filter(bool))
@settings(deadline=None)
def test_statistics_stay_within_the_readings(readings: dict[int, int]) -> None:
    trace = trace_of(readings)
    found, dangers = centre(trace), risk(trace)
    lowest, highest = min(readings.values()), max(readings.values())
    assert (found.minimum, found.maximum) == (lowest, highest)
    assert found.mean is not None
    assert found.median is not None
    assert lowest <= found.median <= highest
    assert lowest - 1e-9 <= found.mean <= highest + 1e-9
    assert dangers.lbgi is not None
    assert dangers.hbgi is not None
    assert dangers.adrr is not None
    assert dangers.lbgi + dangers.hbgi <= dangers.adrr * len(readings) + 1e-9
    use = sensor_use(trace, min(readings), max(readings) + 1)
    assert use.active_percent is not None
    assert 0 < use.active_percent <= 100
    assert use.days >= use.days_with_data == len(daily_profiles(trace))


@given(READINGS)
@settings(deadline=None)
def test_days_and_hours_divide_the_readings(readings: dict[int, int]) -> None:
    trace = trace_of(readings)
    profiles, whole = daily_profiles(trace), times_in_ranges(trace)
    for name in (*RANGES, "count", "tight"):
        assert sum(getattr(profile.times, name) for profile in profiles) == getattr(whole, name)
    hours = agp(trace).hours
    assert sum(hour.count for hour in hours) == len(readings)
    for hour in hours:
        known = [value for value in (hour.p05, hour.p25, hour.p50, hour.p75, hour.p95) if value is not None]
        assert known == sorted(known)


@given(arrays.arrays(np.float64, (24, 5), elements=st.floats(40, 400) | st.just(float("nan"))))
@settings(deadline=None)
def test_percentiles_stay_in_order_when_they_are_smoothed(raw: np.ndarray) -> None:
    raw = np.where(np.isnan(raw).any(axis=1, keepdims=True), np.nan, np.sort(raw, axis=1))
    curves = smoothed(raw)
    assert np.array_equal(np.isnan(curves), np.isnan(raw))
    assert (np.diff(curves[~np.isnan(curves[:, 0])], axis=1) >= -1e-9).all()
