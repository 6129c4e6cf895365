from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime

import numpy as np
import pytest

from analytics.grade import grade
from analytics.grid import grid_of
from analytics.tests.traces import BERLIN, every
from analytics.trace import Trace
from analytics.variability import Variability, auc, conga, daily_sds, gvp, mag, modd, sd_roc, variability


def waves(interval: int, days: int, *, height: float = 50, period: int = 240) -> Trace:
    minutes = interval * np.arange(1, days * 1440 // interval + 1)
    return every(interval, (150 + height * np.sin(2 * np.pi * minutes / period)).tolist())


def all_values(of: Variability) -> list[float | None]:
    values = dataclasses.asdict(of)
    return [*values.pop("daily_sds").values(), *values.values()]


@pytest.mark.parametrize("values", [[], [100]])
def test_too_few_readings_have_no_variability(values: list[float]) -> None:
    found = variability(every(5, values))
    by_one = {name for name, value in dataclasses.asdict(found).items() if value is not None and name != "daily_sds"}
    assert by_one == ({"m_value_90", "m_value_120", "hyper_index", "hypo_index", "igc"} if values else set())
    assert all(value is None for value in dataclasses.astuple(found.daily_sds))
    assert (grade(every(5, values)) is None) == (not values)


def test_a_level_trace_does_not_vary() -> None:
    grid = grid_of(every(5, [120] * 288 * 3))
    assert [modd(grid), conga(grid, 1), gvp(grid), mag(grid), sd_roc(grid)] == [0, 0, 0, 0, 0]
    assert dataclasses.astuple(daily_sds(grid)) == pytest.approx((0, 0, 0, 0, 0, 0))
    assert auc(grid) == 120


def test_a_slope_is_what_it_is() -> None:
    """One mg/dL a minute, by hand."""
    grid = grid_of(every(5, [100 + 5 * step for step in range(60)]))
    assert mag(grid) == pytest.approx(60)
    assert gvp(grid) == pytest.approx(100 * (math.sqrt(2) - 1))
    assert (conga(grid, 1), sd_roc(grid)) == (0, 0)


def test_from_one_day_to_the_next() -> None:
    """Two days 30 mg/dL apart, then one without a value."""
    grid = grid_of(every(60, [100] * 24 + [130] * 24 + [None] * 23 + [100]))
    assert modd(grid) == pytest.approx((24 * 30 + 30) / 25)
    sds = daily_sds(grid)
    assert (sds.within_days, sds.within_hours) == (0, None)
    assert sds.between_day_means == pytest.approx(np.std([100, 130, 100], ddof=1))


def test_no_difference_reaches_across_a_gap() -> None:
    split = grid_of(every(5, [100] * 24 + [None] * 24 + [200] * 24))
    assert (gvp(split), mag(split)) == (0, 0)
    assert auc(split) == pytest.approx(150)
    # Nor does an area reach across midnight.
    assert auc(grid_of(every(5, [100] * 288 + [200] * 12))) == 150


@pytest.mark.parametrize("interval", [1, 3, 5, 10, 15])
def test_sensors_of_other_intervals_say_the_same_of_a_slow_wave(interval: int) -> None:
    ours, usual = (variability(waves(each, 3)) for each in (interval, 5))
    assert all(value is not None and math.isfinite(value) for value in all_values(ours))
    assert ours.modd == pytest.approx(0, abs=1e-9)
    assert ours.conga_1 == pytest.approx(usual.conga_1, rel=0.02)
    assert ours.mag == pytest.approx(usual.mag, rel=0.02)
    assert ours.auc == pytest.approx(usual.auc, rel=0.01)


def test_a_day_of_23_or_25_hours_breaks_nothing() -> None:
    for month, day in ((3, 28), (10, 24)):
        since = datetime(2026, month, day, tzinfo=BERLIN).astimezone(UTC)
        trace = every(5, [100 + 20 * (step % 2) for step in range(288 * 4)], since=since, zone=BERLIN)
        found = variability(trace)
        assert found.auc == pytest.approx(110, abs=0.1)
        assert all(value is not None and math.isfinite(value) for value in all_values(found))


def test_the_indices_by_hand() -> None:
    found = variability(every(5, [60, 120, 240]))
    assert found.hypo_index == pytest.approx(20**2 / 90)
    assert found.hyper_index == pytest.approx(100**1.1 / 90)
    assert found.igc == pytest.approx(20**2 / 90 + 100**1.1 / 90)
    assert found.m_value_120 == pytest.approx(2 * (10 * math.log10(2)) ** 3 / 3)
    # Of COGI a third is in range and as much below, where nothing is left of its part; SD as numpy has it.
    of_sd = 100 * (108 - float(np.std([60, 120, 240], ddof=1))) / 90
    assert found.cogi == pytest.approx(0.5 * 100 / 3 + 0.15 * of_sd)


def test_cogi_counts_lows_by_their_share() -> None:
    """5 % below range leave two thirds of that part; an SD of less than 18 leaves all of its own."""
    assert variability(every(5, [100] * 19 + [60])).cogi == pytest.approx(0.5 * 95 + 0.35 * 100 * 2 / 3 + 0.15 * 100)


def test_lows_of_pgs_last_20_minutes() -> None:
    """One in 4.2 days is 1.7 in a week; one of level 2 counts for itself."""
    days = [100.0] * 600
    none, short, low, very_low = (
        variability(every(5, [*days, *dip, *days])).pgs or 0 for dip in ([65] * 2, [65] * 3, [65] * 4, [50] * 4)
    )
    assert short == pytest.approx(none, abs=0.02)
    weeks = 1204 / 288 / 7
    assert low - short == pytest.approx(0.5714 / weeks, abs=0.02)
    assert very_low - short == pytest.approx(4.5 * (1 - math.exp(-0.91093 / weeks)), abs=0.03)


def test_shares_of_grade_make_100() -> None:
    found = grade(every(5, [5, 45, 54, 100, 141, 250, 400]))
    assert found is not None
    assert found.hypo + found.eu + found.hyper == pytest.approx(100)
    assert found.score < 50
    assert grade(every(5, [18])) == grade(every(5, [2]))
    in_mmol = grade(every(5, [140.5, 100], is_mmol=True))
    assert in_mmol is not None
    assert in_mmol.hyper == 0
