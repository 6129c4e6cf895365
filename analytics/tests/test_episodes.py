from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.episodes import EpisodeKind, all_episodes, episodes
from analytics.ranges import PREGNANCY, STANDARD, RangeLimits
from analytics.tests.traces import BERLIN, MIDNIGHT, every, instant
from analytics.trace import MINUTE

HOUR_POINTS = 12
FINE = [100.0] * HOUR_POINTS


def found(
    kind: EpisodeKind, values: Sequence[float | None], *, interval: int = 5, is_mmol: bool = False,
    limits: RangeLimits = STANDARD,
) -> list[tuple[int, int]]:  # fmt: skip
    """Minutes after midnight at which each begins, and its length."""
    spans = episodes(every(interval, values, is_mmol=is_mmol), kind, limits)
    return [((one.starts - instant(MIDNIGHT)) // MINUTE, one.duration_minutes) for one in spans]


LOW, VERY_LOW, LONG_LOW = EpisodeKind.HYPO_LEVEL_1, EpisodeKind.HYPO_LEVEL_2, EpisodeKind.HYPO_EXTENDED
HIGH, VERY_HIGH, LONG_HIGH = EpisodeKind.HYPER_LEVEL_1, EpisodeKind.HYPER_LEVEL_2, EpisodeKind.HYPER_EXTENDED


def test_a_low_needs_15_minutes() -> None:
    assert found(LOW, [*FINE, 69, 69, *FINE]) == []
    assert found(LOW, [*FINE, 69, 69, 69, *FINE]) == [(65, 15)]
    assert found(LOW, [*FINE, 70, 70, 70, *FINE]) == []


def test_it_ends_where_15_minutes_back_begin() -> None:
    assert found(LOW, [*FINE, 60, 60, 60, 70, 70, 60, *FINE]) == [(65, 30)]
    assert found(LOW, [*FINE, 60, 60, 60, 70, 70, 70, 60, 60, 60, *FINE]) == [(65, 15), (95, 15)]
    # Two low points after a recovery begin nothing.
    assert found(LOW, [*FINE, 60, 60, 60, 70, 70, 70, 60, 60, *FINE]) == [(65, 15)]


def test_an_open_one_ends_with_the_values() -> None:
    assert found(LOW, [*FINE, 60, 60, 60]) == [(65, 15)]
    # A gap of 50 minutes ends one and begins another; one of 45 is bridged.
    assert found(LOW, [*FINE, *[60] * 4, *[None] * 9, *[60] * 4, *FINE]) == [(65, 20), (130, 20)]
    assert found(LOW, [*FINE, *[60] * 4, *[None] * 8, *[60] * 4, *FINE]) == [(65, 80)]


def test_levels_and_what_is_of_level_1_only() -> None:
    values = [*FINE, *[60] * 5, *FINE, *[60] * 3, *[53] * 3, *[60] * 3, *FINE]
    assert found(LOW, values) == [(65, 25), (150, 45)]
    assert found(VERY_LOW, values) == [(165, 15)]
    assert found(EpisodeKind.HYPO_LEVEL_1_ONLY, values) == [(65, 25)]
    values = [*FINE, *[200] * 5, *FINE, *[200] * 3, *[251] * 3, *[200] * 3, *FINE]
    assert found(HIGH, values) == [(65, 25), (150, 45)]
    assert found(VERY_HIGH, values) == [(165, 15)]
    assert found(EpisodeKind.HYPER_LEVEL_1_ONLY, values) == [(65, 25)]


def test_a_low_is_extended_after_more_than_two_hours() -> None:
    assert found(LONG_LOW, [*FINE, *[65] * 24, *FINE]) == []
    assert found(LONG_LOW, [*FINE, *[65] * 25, *FINE]) == [(65, 125)]
    # In a row: one value in between begins the count anew, though it ends no low.
    broken = [*FINE, *[65] * 20, 70, *[65] * 20, *FINE]
    assert (found(LONG_LOW, broken), found(LOW, broken)) == ([], [(65, 205)])


def test_a_high_is_extended_by_90_minutes_of_120() -> None:
    assert found(LONG_HIGH, [*FINE, *[260] * 17, *FINE]) == []
    assert found(LONG_HIGH, [*FINE, *[260] * 18, *FINE]) == [(65, 90)]
    # 6 points of 24 may be less, until 15 minutes are back at 180.
    assert found(LONG_HIGH, [*FINE, *[260, 260, 260, 240] * 6, *[190] * 6, *FINE]) == [(65, 150)]
    assert found(LONG_HIGH, [*FINE, *[260, 260, 240] * 8, *FINE]) == []
    # What comes while it is open belongs to it.
    assert found(LONG_HIGH, [*FINE, *[260] * 18, *[190] * 24, *[260] * 18, *FINE]) == [(65, 300)]
    # A gap begins the count anew.
    assert found(LONG_HIGH, [*FINE, *[260] * 9, *[None] * 9, *[260] * 9, *FINE]) == []


def test_no_two_overlap_where_a_recovery_lies_within_the_90_minutes() -> None:
    values = [*FINE, *[260] * 9, *[180] * 3, *[260] * 9, *[180] * 3, *[260] * 18, *FINE]
    spans = found(LONG_HIGH, values)
    assert spans == [(65, 105), (185, 90)]


def test_other_sensors_count_their_own_points() -> None:
    assert found(LOW, [100] * 4 + [69] + [100] * 4, interval=15) == [(75, 15)]
    assert found(LONG_LOW, [100] * 4 + [69] * 8 + [100] * 4, interval=15) == []
    assert found(LONG_LOW, [100] * 4 + [69] * 9 + [100] * 4, interval=15) == [(75, 135)]
    assert found(LOW, [100] * 60 + [69] * 14 + [100] * 60, interval=1) == []
    assert found(LOW, [100] * 60 + [69] * 15 + [100] * 60, interval=1) == [(61, 15)]
    assert found(LONG_LOW, [100] * 60 + [69] * 121 + [100] * 60, interval=1) == [(61, 121)]


def test_pregnancy_has_limits_of_its_own() -> None:
    values = [*FINE, *[65] * 3, *FINE, *[62] * 3, *FINE, *[141] * 3, *FINE, *[300] * 20, *FINE]
    assert len(found(LOW, values)) == 2
    assert found(LOW, values, limits=PREGNANCY) == [(140, 15)]
    assert len(found(HIGH, values, limits=PREGNANCY)) == 2
    for none in (VERY_HIGH, LONG_HIGH):
        assert found(none, values, limits=PREGNANCY) == []
    assert len(found(EpisodeKind.HYPER_LEVEL_1_ONLY, values, limits=PREGNANCY)) == 2


def test_10_mmol_per_litre_are_no_high() -> None:
    """They are 180.18 mg/dL."""
    assert found(HIGH, [*FINE, *[180] * 6, *FINE], is_mmol=True) == []
    assert found(HIGH, [*FINE, *[182] * 6, *FINE], is_mmol=True) == [(65, 30)]
    assert found(LOW, [*FINE, *[68] * 3, *FINE], is_mmol=True) == [(65, 15)]


def test_an_hour_that_comes_twice_lasts_two_hours() -> None:
    since = datetime(2026, 10, 25, tzinfo=BERLIN).astimezone(UTC)
    trace = every(5, [*[100.0] * 24, *[65.0] * 25, *FINE], since=since, zone=BERLIN)
    (low,) = episodes(trace, LONG_LOW)
    assert (low.duration_minutes, low.ends - low.starts) == (125, 125 * MINUTE)


def test_values_and_rates() -> None:
    trace = every(5, [*FINE, 69, 50, 61, *[100] * (288 - HOUR_POINTS - 3), *[100] * 288])
    every_kind = all_episodes(trace)
    (low,) = every_kind.by_kind[LOW]
    assert (low.mean, low.extreme) == (60, 50)
    assert every_kind.per_day(LOW) == pytest.approx(0.5)
    assert (every_kind.mean_minutes(LOW), every_kind.mean_minutes(HIGH)) == (15, None)


@pytest.mark.parametrize("values", [[], [50]])
def test_too_few_readings_have_none(values: list[float]) -> None:
    every_kind = all_episodes(every(5, values))
    assert all(every_kind.count(kind) == 0 for kind in EpisodeKind)
    assert (every_kind.per_day(LOW) is None) == (not values)


def point_by_point(values: Sequence[float | None], *, below: float, points: int) -> list[tuple[int, int]]:
    """As the definition reads, one point after the other."""
    spans, begin, row, back = [], None, 0, 0
    for place, value in enumerate([*values, None]):
        is_low = value is not None and value < below
        if begin is not None and (value is None or (not is_low and back == 2)):
            spans.append((5 * (begin + 1), 5 * (place - begin - (0 if value is None else 2))))
            begin, row = None, 0
        back = 0 if value is None or is_low else back + 1
        row = row + 1 if is_low else 0
        if begin is None and row == points:
            begin = place - points + 1
        if begin is not None and value is None:
            begin = None
    return spans


# Long enough that no line joins what is on both sides.
GAP = [None] * 9
STRETCHES = st.lists(
    st.one_of(st.lists(st.sampled_from([50.0, 65.0, 100.0, 200.0]), min_size=1, max_size=9), st.just(GAP)), max_size=12
)


@given(STRETCHES)
@settings(max_examples=150, deadline=None)
def test_they_are_those_that_one_point_after_the_other_finds(stretches: list[list[float | None]]) -> None:
    values: list[float | None] = [*FINE, *(value for stretch in stretches for value in stretch), *FINE]
    assert found(LOW, values) == point_by_point(values, below=70, points=3)
    assert found(VERY_LOW, values) == point_by_point(values, below=54, points=3)
