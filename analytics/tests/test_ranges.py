from __future__ import annotations

import pytest

from analytics.goals import GOALS, Preset
from analytics.gri import gri, zone_of
from analytics.ranges import PREGNANCY, RANGES, STANDARD, RangeLimits, TimesInRanges, times_in_ranges
from analytics.tests.made import trace_of
from analytics.units import MG_DL_PER_MMOL_L


def range_of(glucose: float, limits: RangeLimits, *, is_mmol: bool) -> tuple[str, bool]:
    """The range that a single reading is counted in, and whether that is the tight one as well."""
    value = glucose * MG_DL_PER_MMOL_L if is_mmol else glucose
    times = times_in_ranges(trace_of([value], is_mmol=is_mmol), limits)
    (name,) = [name for name in RANGES if getattr(times, name)]
    return name, bool(times.tight)


@pytest.mark.parametrize("is_rounded", [False, True])
@pytest.mark.parametrize(
    ("mmol_l", "name", "is_tight"),
    [
        (2.9, "very_low", False),
        (3.0, "low", False),
        (3.8, "low", False),
        (3.9, "in_range", True),
        (7.8, "in_range", True),
        (7.9, "in_range", False),
        (10.0, "in_range", False),
        (10.1, "high", False),
        (13.9, "high", False),
        (14.0, "very_high", False),
    ],
)
def test_mmol_are_compared_in_mmol(mmol_l: float, name: str, is_tight: bool, is_rounded: bool) -> None:
    """10.0 and 13.9 are 180.18 and 250.45 mg/dL; the database rounds them to whole ones, 7.8 to 141."""
    glucose = round(mmol_l * MG_DL_PER_MMOL_L) / MG_DL_PER_MMOL_L if is_rounded else mmol_l
    assert range_of(glucose, STANDARD, is_mmol=True) == (name, is_tight)


@pytest.mark.parametrize(
    ("mg_dl", "name", "is_tight"),
    [
        (53, "very_low", False),
        (54, "low", False),
        (69, "low", False),
        (70, "in_range", True),
        (140, "in_range", True),
        (141, "in_range", False),
        (180, "in_range", False),
        (181, "high", False),
        (250, "high", False),
        (251, "very_high", False),
    ],
)
def test_limits_in_mg_dl(mg_dl: int, name: str, is_tight: bool) -> None:
    assert range_of(mg_dl, STANDARD, is_mmol=False) == (name, is_tight)


@pytest.mark.parametrize(
    ("mg_dl", "mmol_l", "name"),
    [
        (53, 2.9, "very_low"),
        (54, 3.0, "low"),
        (62, 3.4, "low"),
        (63, 3.5, "in_range"),
        (140, 7.8, "in_range"),
        (141, 7.9, "high"),
        (400, 22.0, "high"),
    ],
)
def test_pregnancy_has_limits_of_its_own_and_no_very_high(mg_dl: int, mmol_l: float, name: str) -> None:
    assert range_of(mg_dl, PREGNANCY, is_mmol=False)[0] == name
    assert range_of(mmol_l, PREGNANCY, is_mmol=True)[0] == name


def test_words_of_the_sensor_are_at_the_ends() -> None:
    for is_mmol in (False, True):
        times = times_in_ranges(trace_of([39, 401], is_mmol=is_mmol, beyond=[-1, 1]))
        assert (times.very_low, times.very_high) == (1, 1)


def test_percent_is_of_readings() -> None:
    times = times_in_ranges(trace_of([50, 60, 100, 130, 150, 200, 300, 300]))
    assert times == TimesInRanges(8, 1, 1, 3, 1, 2, tight=2)
    assert (times.percent("below"), times.percent("above"), times.percent("tight")) == (25.0, 37.5, 25.0)
    none = times_in_ranges(trace_of([]))
    assert (none.count, none.percent("in_range")) == (0, None)
    assert set(none.whole_percents().values()) == {0}


@pytest.mark.parametrize(
    ("counts", "whole"),
    [
        # Halves are rounded to even: 0, 0, 86 and 2.
        ((1, 1, 171, 5, 22), [0, 0, 86, 3, 11]),
        # Nothing was high: the rest belongs to the largest share.
        ((6, 6, 988, 0, 0), [1, 1, 98, 0, 0]),
        ((4, 4, 992, 0, 0), [0, 0, 100, 0, 0]),
        # Highs would be -1 %.
        ((16, 16, 964, 4, 0), [2, 2, 96, 0, 0]),
        ((1, 1, 1, 0, 0), [34, 33, 33, 0, 0]),
        ((0, 0, 0, 0, 7), [0, 0, 0, 0, 100]),
    ],
)
def test_whole_percents_sum_to_a_hundred(counts: tuple[int, int, int, int, int], whole: list[int]) -> None:
    times = TimesInRanges(sum(counts), *counts, tight=0)
    assert list(times.whole_percents().values()) == whole


def test_the_risk_index_weighs_lows_most() -> None:
    index = gri(TimesInRanges(100, 2, 5, 60, 20, 13, tight=0))
    assert index is not None
    assert (index.hypo_component, index.hyper_component) == (6.0, 23.0)
    assert index.value == pytest.approx(3.0 * 2 + 2.4 * 5 + 1.6 * 13 + 0.8 * 20)
    assert index.value == pytest.approx(3.0 * index.hypo_component + 1.6 * index.hyper_component)
    assert index.zone == "C"


def test_the_risk_index_ends_at_a_hundred_and_needs_readings_and_the_standard_limits() -> None:
    worst = gri(times_in_ranges(trace_of([40, 300])))
    assert worst is not None
    assert (worst.value, worst.zone) == (100.0, "E")
    assert gri(times_in_ranges(trace_of([]))) is None
    with pytest.raises(ValueError, match="standard limits"):
        gri(times_in_ranges(trace_of([100]), PREGNANCY))


@pytest.mark.parametrize(
    ("value", "zone"), [(0, "A"), (20, "A"), (20.01, "B"), (40, "B"), (60, "C"), (80, "D"), (80.1, "E"), (100, "E")]
)
def test_a_zone_has_its_upper_end(value: float, zone: str) -> None:
    assert zone_of(value) == zone


def test_every_preset_has_goals_and_says_where_from() -> None:
    assert GOALS.keys() == set(Preset)
    assert all(goals.version and goals.source for goals in GOALS.values())
    adult, older = GOALS[Preset.ADULT], GOALS[Preset.OLDER]
    assert (adult.in_range_above, adult.low_below, adult.very_low_below) == (70, 4, 1)
    assert (adult.high_below, adult.very_high_below, adult.cv_at_most) == (25, 5, 36)
    assert (older.in_range_above, older.low_below, older.very_low_below) == (50, 1, None)
    assert (older.high_below, older.very_high_below) == (50, 10)
    assert {GOALS[preset].limits for preset in Preset if "pregnancy" in preset} == {PREGNANCY}
    without = GOALS[Preset.PREGNANCY_WITHOUT_GOALS]
    assert (without.in_range_above, without.low_below, without.high_below, without.cv_at_most) == (None,) * 4
