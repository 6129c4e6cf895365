from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from analytics.forecast import ar2, ar2_steps, linear, slope

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Point:
    measured_at: datetime
    glucose: float


def trace(*points: tuple[float, float]) -> list[Point]:
    return [Point(NOON + timedelta(minutes=minute), glucose) for minute, glucose in points]


def falling(step: float = 10) -> list[Point]:
    return trace(*((minute, 100 - step * (minute + 15) / 5) for minute in (-15, -10, -5, 0)))


def test_slope_of_a_straight_line_is_its_slope():
    assert slope(falling(), NOON) == pytest.approx(-2)


def test_slope_is_least_squares():
    # By hand: minutes -10, -5, 0 around -5; (-5 * 100 + 5 * 112) / 50.
    assert slope(trace((-10, 100), (-5, 90), (0, 112)), NOON) == pytest.approx(1.2)


def test_slope_looks_back_fifteen_to_twenty_minutes():
    recent = falling()
    assert slope(trace((-17.5, 300)) + recent, NOON) != pytest.approx(-2)
    assert slope(trace((-18, 300)) + recent, NOON) == pytest.approx(-2)


@pytest.mark.parametrize(
    ("readings", "age"),
    [
        pytest.param([], 0, id="none"),
        pytest.param(falling()[-2:], 0, id="two"),
        pytest.param(falling(), 10.1, id="old"),
        pytest.param(trace((-8, 100), (-4, 90), (0, 80)), 0, id="short"),
        pytest.param(trace((-16, 100), (-15.8, 100), (0, 80)), 0, id="gap"),
    ],
)
def test_no_slope_where_readings_do_not_allow_it(readings, age):
    at = NOON + timedelta(minutes=age)
    assert slope(readings, at) is None
    assert linear(readings, at, 20) is None


def test_newest_reading_may_be_ten_minutes_old():
    assert slope(falling(), NOON + timedelta(minutes=10)) == pytest.approx(-2)


def test_linear_goes_on_from_the_newest_reading():
    assert linear(falling(), NOON, 5) == pytest.approx(60)
    assert linear(falling(), NOON + timedelta(minutes=3), 5) == pytest.approx(60)


def test_linear_stays_within_what_a_sensor_shows():
    assert linear(falling(), NOON, 60) == 36
    assert linear(falling(-60), NOON, 60) == 400


def test_ar2_follows_its_formula():
    older, newer = math.log(120 / 140), math.log(110 / 140)
    first = -0.723 * older + 1.716 * newer
    second = -0.723 * newer + 1.716 * first

    assert ar2_steps(trace((-5, 120), (0, 110)), NOON, 10) == pytest.approx(
        [140 * math.exp(first), 140 * math.exp(second)]
    )
    assert ar2(trace((-5, 120), (0, 110)), NOON, 6) == pytest.approx(140 * math.exp(second))


def test_ar2_brings_other_intervals_to_five_minutes():
    assert ar2(trace((-6, 122), (0, 110)), NOON, 30) == ar2(trace((-5, 120), (0, 110)), NOON, 30)


def test_ar2_needs_two_recent_values():
    assert ar2(trace((0, 110)), NOON, 30) is None
    assert ar2(trace((-8, 120), (0, 110)), NOON, 30) is None
    assert ar2(trace((-2, 120), (0, 110)), NOON, 30) is None
    assert ar2(trace((-5, 120), (0, 110)), NOON + timedelta(minutes=11), 30) is None


def test_ar2_stays_within_what_a_sensor_shows():
    assert ar2(trace((-5, 90), (0, 45)), NOON, 30) == 36
    assert ar2(trace((-5, 250), (0, 390)), NOON, 30) == 400
