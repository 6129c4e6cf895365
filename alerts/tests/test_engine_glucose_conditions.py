from __future__ import annotations

import pytest

from alerts.engine.conditions import read_condition
from alerts.tests.traces import every_five, moment, reading


def truth(condition, readings, at=None, margin=None):
    return read_condition(condition).evaluate(moment(readings, at), {}, margin)[0]


@pytest.mark.parametrize(
    ("kind", "glucose", "expected"),
    [
        ("below", 69, True),
        ("below", 70, False),
        ("atOrBelow", 70, True),
        ("atOrBelow", 71, False),
        ("above", 71, True),
        ("above", 70, False),
        ("atOrAbove", 70, True),
        ("atOrAbove", 69, False),
    ],
)
def test_a_limit_is_strict_or_not(kind, glucose, expected):
    assert truth({"type": kind, "mgdl": 70}, every_five(glucose)) is expected


@pytest.mark.parametrize(
    ("kind", "last_held", "first_not_held"),
    [("below", 74, 75), ("atOrBelow", 75, 76), ("above", 66, 65), ("atOrAbove", 65, 64)],
)
def test_an_open_episode_holds_within_the_margin(kind, last_held, first_not_held):
    limit = {"type": kind, "mgdl": 70}
    assert truth(limit, every_five(last_held), margin=5) is True
    assert truth(limit, every_five(first_not_held), margin=5) is False
    # What is easier for the one is harder for its opposite.
    assert truth({"type": "not", "of": limit}, every_five(70), margin=5) is True


def test_not_holds_within_the_margin_too():
    in_range = {"type": "not", "of": {"type": "below", "mgdl": 70}}
    assert truth(in_range, every_five(66)) is False
    assert truth(in_range, every_five(66), margin=5) is True
    assert truth(in_range, every_five(64), margin=5) is False


@pytest.mark.parametrize(
    ("glucose", "between", "outside"),
    [(69, False, True), (70, True, False), (180, True, False), (181, False, True)],
)
def test_the_ends_of_a_range_belong_to_it(glucose, between, outside):
    assert truth({"type": "between", "low": 70, "high": 180}, every_five(glucose)) is between
    assert truth({"type": "outside", "low": 70, "high": 180}, every_five(glucose)) is outside


def test_ranges_hold_within_the_margin():
    assert truth({"type": "between", "low": 70, "high": 180}, every_five(65), margin=5) is True
    assert truth({"type": "outside", "low": 70, "high": 180}, every_five(74), margin=5) is True
    assert truth({"type": "outside", "low": 70, "high": 180}, every_five(75), margin=5) is False


def test_a_narrow_range_can_be_reached_again():
    narrow = {"type": "outside", "low": 100, "high": 104}
    assert truth(narrow, every_five(99), margin=5) is True
    assert truth(narrow, every_five(102), margin=5) is False


def test_codes_of_the_sensor_count_as_low_and_high():
    assert truth({"type": "below", "mgdl": 40}, every_five(39)) is True
    assert truth({"type": "above", "mgdl": 400}, every_five(401)) is True


def test_a_value_says_nothing_about_what_is_15_minutes_later():
    low = {"type": "below", "mgdl": 70}
    assert truth(low, every_five(60), at=15) is True
    assert truth(low, every_five(60), at=15.1) is None
    assert truth({"type": "between", "low": 70, "high": 180}, every_five(60), at=16) is None
    assert truth({"type": "outside", "low": 70, "high": 180}, every_five(60), at=16) is None


FALLING = (108, 100, 92, 84)  # 1.6 mg/dL/min: in 20 minutes at 52


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(FALLING, True, id="falling"),
        pytest.param((87, 86, 85, 84), False, id="not fast enough"),
        pytest.param(FALLING[::-1], False, id="rising"),
        pytest.param((124, 116, 108, 100), False, id="not below 100 yet"),
        pytest.param((78, 70, 62, 54), False, id="there already"),
        pytest.param((92, 84), None, id="too few readings"),
    ],
)
def test_urgent_low_soon(values, expected):
    soon = {"type": "predictedBelow", "mgdl": 55, "withinMinutes": 20, "currentBelow": 100}
    assert truth(soon, every_five(*values)) is expected


def test_a_prediction_reaches_its_value():
    # 2 mg/dL/min from 90: exactly 50 after 20 minutes.
    exactly = every_five(120, 110, 100, 90)
    assert truth({"type": "predictedBelow", "mgdl": 50, "withinMinutes": 20}, exactly) is True
    assert truth({"type": "predictedBelow", "mgdl": 49, "withinMinutes": 20}, exactly) is False
    assert truth({"type": "predictedBelow", "mgdl": 49, "withinMinutes": 20}, exactly, margin=5) is True


def test_no_prediction_across_a_gap():
    soon = {"type": "predictedBelow", "mgdl": 70, "withinMinutes": 20}
    assert truth(soon, [*every_five(120, 110), reading(21, 90)]) is None
    assert truth(soon, every_five(120, 110, 100, 90), at=26) is None


def test_predicted_high():
    soon = {"type": "predictedAbove", "mgdl": 250, "withinMinutes": 20}
    assert truth(soon, every_five(180, 190, 200, 210)) is True
    assert truth(soon, every_five(205, 206, 207, 208)) is False
    assert truth(soon, every_five(220, 230, 240, 250)) is False


def test_prediction_by_autoregression_counts_the_way_there():
    soon = {"type": "predictedBelow", "mgdl": 75, "withinMinutes": 60, "method": "ar2"}
    # Lowest after 30 minutes, 74.8; above 75 again after 60.
    assert truth(soon, every_five(100, 90)) is True
    assert truth(soon | {"withinMinutes": 20}, every_five(100, 90)) is False
    assert truth(soon, every_five(131, 130)) is False
    assert truth(soon, every_five(90)) is None


def test_a_trend_is_of_one_sensor():
    """Two sensors that differ by 40 mg/dL are no fall by 40."""
    both = [*every_five(120, 120, 120, 120), reading(15.2, 80, device=2)]
    assert truth({"type": "predictedBelow", "mgdl": 55, "withinMinutes": 20}, both) is None
    assert truth({"type": "rate", "trend": "falling", "mgdlPerMinute": 2, "over": "twoReadings"}, both) is None
    assert truth({"type": "jump", "mgdlPerMinute": 5}, both) is None


@pytest.mark.parametrize(("step", "expected"), [(15, True), (14, False), (-15, False)])
def test_rate_over_15_minutes_is_inclusive(step, expected):
    falling = {"type": "rate", "trend": "falling", "mgdlPerMinute": 3}
    assert truth(falling, every_five(200, 200 - step, 200 - 2 * step, 200 - 3 * step)) is expected


def test_rate_holds_while_it_is_one_less():
    falling = {"type": "rate", "trend": "falling", "mgdlPerMinute": 3}
    assert truth(falling, every_five(200, 190, 180, 170), margin=5) is True
    assert truth(falling, every_five(200, 191, 182, 173), margin=5) is False


def test_a_level_trace_holds_no_rate():
    rising = {"type": "rate", "trend": "rising", "mgdlPerMinute": 1}
    assert truth(rising, every_five(100, 100, 100, 100), margin=20) is False


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        pytest.param([reading(0, 100), reading(5, 120)], True, id="four a minute"),
        pytest.param([reading(0, 100), reading(5, 119)], False, id="less"),
        pytest.param([reading(0, 100), reading(15, 160)], True, id="15 minutes apart"),
        pytest.param([reading(0, 100), reading(16, 200)], None, id="too far apart"),
        pytest.param([reading(0, 100), reading(0.5, 110)], None, id="too close"),
        pytest.param([reading(0, 100), reading(4.5, 90), reading(5, 120)], True, id="the one before the noise"),
    ],
)
def test_rate_between_two_readings(readings, expected):
    rising = {"type": "rate", "trend": "rising", "mgdlPerMinute": 4, "over": "twoReadings"}
    assert truth(rising, readings) is expected
