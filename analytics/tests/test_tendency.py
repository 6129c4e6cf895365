from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.tendency import Change, Direction, change, line


@pytest.mark.parametrize(
    ("mean", "former", "direction", "percent"),
    [
        (105.0, 100.0, Direction.NEUTRAL, 5.0),
        (105.1, 100.0, Direction.UP, 5.1),
        (95.0, 100.0, Direction.NEUTRAL, -5.0),
        (94.0, 100.0, Direction.DOWN, -6.0),
        (-90.0, -100.0, Direction.UP, 10.0),
        (3.0, 0.0, Direction.UP, None),
        (0.0, 0.0, Direction.NEUTRAL, None),
        (None, 100.0, Direction.NO_DATA, None),
        (100.0, None, Direction.NO_DATA, None),
    ],
)
def test_a_change_has_a_band_of_five_percent(
    mean: float | None, former: float | None, direction: Direction, percent: float | None
) -> None:
    found = change(mean, former)

    assert found.direction is direction
    assert found.percent == pytest.approx(percent) if percent is not None else found.percent is None


def test_nothing_before_is_no_change() -> None:
    assert change(None, None) == Change(Direction.NO_DATA, None)


points = st.lists(
    st.tuples(st.floats(0, 365), st.floats(-1000, 1000)),
    min_size=3,
    max_size=60,
    unique_by=lambda point: round(point[0], 2),
)


@given(points)
def test_the_line_is_that_of_the_library(drawn: list[tuple[float, float]]) -> None:
    days, values = (np.array(column) for column in zip(*drawn, strict=True))
    found = line(days, values)
    slope, intercept = np.polyfit(days - days.min(), values, 1)

    assert found is not None
    assert found.slope_per_day == pytest.approx(slope, rel=1e-6, abs=1e-6)
    assert found.intercept == pytest.approx(intercept, rel=1e-6, abs=1e-4)


@given(points, st.randoms())
def test_the_order_of_points_does_not_matter(drawn: list[tuple[float, float]], chance: object) -> None:
    shuffled = list(drawn)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (line(*(np.array(column) for column in zip(*each, strict=True))) for each in (drawn, shuffled))

    assert first is not None
    assert second is not None
    assert first.slope_per_day == pytest.approx(second.slope_per_day, rel=1e-9, abs=1e-9)


def test_a_straight_line_is_found_whole() -> None:
    found = line(np.arange(12.0), 3 + 0.5 * np.arange(12.0))

    assert found is not None
    assert (found.slope_per_day, found.intercept, found.r_squared, found.confidence) == pytest.approx((0.5, 3, 1, 1))


def test_few_points_are_little_confidence() -> None:
    found = line(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]))

    assert found is not None
    assert found.confidence == pytest.approx(0.3)


def test_equal_values_explain_nothing() -> None:
    found = line(np.array([0.0, 1.0, 2.0]), np.array([0.1, 0.1, 0.1]))

    assert found is not None
    assert (found.r_squared, found.confidence) == (None, 0.0)
    assert found.slope_per_day == pytest.approx(0)


@pytest.mark.parametrize("days", [[], [1.0], [2.0, 2.0]])
def test_no_line_without_two_instants(days: list[float]) -> None:
    assert line(np.array(days), np.ones(len(days))) is None
