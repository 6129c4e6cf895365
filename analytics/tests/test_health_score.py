from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.health_score import DEFINITIONS, Input, Part, daily_score, points_at

VALUES = st.dictionaries(st.sampled_from(list(Input)), st.floats(0, 20_000))


def test_the_formula_is_whole() -> None:
    assert sum(definition.weight for definition in DEFINITIONS.values()) == 100
    assert set(DEFINITIONS) == set(Part)
    curves = [curve for definition in DEFINITIONS.values() for curve in definition.curves.values()]
    assert len(curves) == len(Input)
    assert all(left[0] < right[0] for curve in curves for left, right in pairwise(curve))
    assert all(0 <= points <= 100 for curve in curves for _, points in curve)


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        (Input.STEPS, 4000, 50),
        (Input.STEPS, 40_000, 100),
        (Input.SLEEP_HOURS, 5.5, 50),
        (Input.SLEEP_HOURS, 3, 0),
        (Input.RESTING_HEART_RATE, 80, 60),
        (Input.STRESS_LEVEL, 10, 0),
    ],
)
def test_points_lie_on_the_line_between_corners(name: Input, value: float, points: float) -> None:
    (curve,) = [each.curves[name] for each in DEFINITIONS.values() if name in each.curves]
    assert points_at(curve, value) == pytest.approx(points)


def test_lows_are_not_made_good_by_time_in_range() -> None:
    values = {Input.TIME_IN_RANGE: 90.0, Input.TIME_BELOW_RANGE: 10.0, Input.STEPS: 8000.0, Input.SLEEP_HOURS: 8.0}
    score = daily_score(values)

    assert {each.part: each.points for each in score.parts} == {Part.GLUCOSE: 0, Part.ACTIVITY: 100, Part.SLEEP: 100}
    assert score.total == pytest.approx(4000 / 70)


def test_half_a_pair_is_missing_and_two_parts_are_no_score() -> None:
    score = daily_score({Input.SYSTOLIC: 120.0, Input.STEPS: 100.0, Input.MOOD: 5.0})

    assert [each.part for each in score.parts] == [Part.ACTIVITY, Part.WELLBEING]
    assert score.total is None
    assert Part.BLOOD_PRESSURE in score.missing


@given(VALUES)
def test_every_score_is_between_its_parts(values: dict[Input, float]) -> None:
    score = daily_score(values)

    assert {each.part for each in score.parts} | set(score.missing) == set(Part)
    points = [each.points for each in score.parts]
    assert all(0 <= each <= 100 for each in points)
    if score.total is not None:
        assert min(points) - 1e-9 <= score.total <= max(points) + 1e-9
