from __future__ import annotations

import pytest

from alerts.engine.conditions import ConditionError, in_words, read_condition
from alerts.presets import presets

LOW = {"type": "below", "mgdl": 70}


def nested(depth):
    condition = LOW
    for _ in range(depth - 1):
        condition = {"type": "not", "of": condition}
    return condition


@pytest.mark.parametrize(
    ("json", "sentence"),
    [
        pytest.param(
            {"type": "belov", "mgdl": 70}, "condition: there is no kind belov; there are above, al", id="kind"
        ),
        pytest.param({"mgdl": 70}, 'condition: say its kind as "type", one of above, al', id="no kind"),
        pytest.param("below 70", 'condition: a condition is an object with "type".', id="text"),
        pytest.param(None, 'condition: a condition is an object with "type".', id="nothing"),
        pytest.param({"type": "below"}, "condition.mgdl: this field is missing.", id="missing"),
        pytest.param({"type": "below", "mgdl": "70"}, "condition.mgdl: Input should be a valid integer.", id="text"),
        pytest.param({"type": "below", "mgdl": True}, "condition.mgdl: Input should be a valid integer.", id="true"),
        pytest.param(
            {"type": "below", "mgdl": 39}, "condition.mgdl: Input should be greater than or equal to 40.", id="39"
        ),
        pytest.param(
            {"type": "above", "mgdl": 401}, "condition.mgdl: Input should be less than or equal to 400.", id="401"
        ),
        pytest.param(LOW | {"for": 3}, "condition.for: this field does not belong here.", id="unknown field"),
        pytest.param(
            {"type": "predictedBelow", "mgdl": 70, "within_minutes": 20},
            "condition.withinMinutes: this field is missing. condition.within_minutes: this field does not",
            id="not camelCase",
        ),
        pytest.param(
            {"type": "rate", "trend": "falling", "mgdlPerMinute": float("nan")},
            "condition.mgdlPerMinute: Input should be a finite number.",
            id="nan",
        ),
        pytest.param({"type": "all", "of": []}, "condition.of: at least one condition is needed.", id="empty all"),
        pytest.param({"type": "any", "of": []}, "condition.of: at least one condition is needed.", id="empty any"),
        pytest.param(
            {"type": "all", "of": [LOW, {"type": "not", "of": {"type": "outside", "low": 180, "high": 70}}]},
            "condition.of[1].of: low (180) must be below high (70).",
            id="low above high",
        ),
        pytest.param(
            {"type": "between", "low": 70, "high": 70}, "condition: low (70) must be below high (70).", id="low is high"
        ),
        pytest.param(
            {"type": "sustained", "minutes": 0, "of": LOW},
            "condition.minutes: Input should be greater than or equal to 1.",
            id="no time",
        ),
        pytest.param(
            {
                "type": "sustained",
                "minutes": 1440,
                "of": {"type": "not", "of": {"type": "sustained", "minutes": 1, "of": LOW}},
            },
            "condition: sustained conditions inside each other add up to more than a day (1440 minutes).",
            id="longer than a day",
        ),
        pytest.param(
            {"type": "timeOfDay", "from": "7:00", "until": "24:00"},
            "condition.from: a time of day is like 07:30, from 00:00 to 23:59. "
            "condition.until: a time of day is like 07:30, from 00:00 to 23:59.",
            id="clock",
        ),
        pytest.param(
            {"type": "timeOfDay", "from": "07:00", "until": "07:00"},
            "condition: from and until are both 07:00; for the whole day leave the time of day out.",
            id="whole day",
        ),
        pytest.param(
            {"type": "timeOfDay", "from": "22:00", "until": "07:00", "timeZone": "europe/berlin"},
            "condition.timeZone: europe/berlin is not a time zone, but Europe/Berlin is.",
            id="mis-cased zone",
        ),
        pytest.param(
            {"type": "timeOfDay", "from": "22:00", "until": "07:00", "timeZone": "Berlin"},
            "condition.timeZone: Berlin is not a time zone, names are like Europe/Berlin.",
            id="unknown zone",
        ),
        pytest.param(nested(7), "condition: conditions stand inside each other at most 6 deep.", id="deep"),
        pytest.param(nested(100_000), "condition: conditions stand inside each other at most 6 deep.", id="very deep"),
        pytest.param({"type": "all", "of": [LOW] * 50}, "condition: a rule has at most 50 conditions.", id="many"),
    ],
)
def test_a_malformed_condition_is_refused_with_where_and_why(json, sentence):
    with pytest.raises(ConditionError) as refusal:
        read_condition(json)
    assert str(refusal.value).startswith(sentence)


def test_problems_name_their_place():
    with pytest.raises(ConditionError) as refusal:
        read_condition({"type": "any", "of": [LOW, {"type": "below", "mgdl": 7}]})
    (problem,) = refusal.value.problems
    assert problem.where == ("of", 1, "mgdl")


def test_the_largest_that_is_allowed():
    assert len(list(read_condition(nested(6)).walk())) == 6
    assert len(list(read_condition({"type": "all", "of": [LOW] * 49}).walk())) == 50


def test_what_was_read_is_written_the_same():
    for preset in presets():
        for rule in preset.rules:
            again = read_condition(rule.condition.to_json())
            assert again == rule.condition
            assert rule.json.items() <= again.to_json().items() or "of" in rule.json


NIGHT = {"type": "timeOfDay", "from": "22:00", "until": "07:00"}


@pytest.mark.parametrize(
    ("condition", "mg_dl", "mmol_l"),
    [
        (LOW, "below 70 mg/dL", "below 3.9 mmol/L"),
        ({"type": "atOrBelow", "mgdl": 55}, "at or below 55 mg/dL", "at or below 3.1 mmol/L"),
        ({"type": "above", "mgdl": 250}, "above 250 mg/dL", "above 13.9 mmol/L"),
        ({"type": "atOrAbove", "mgdl": 180}, "at or above 180 mg/dL", "at or above 10.0 mmol/L"),
        ({"type": "outside", "low": 70, "high": 180}, "outside 70 and 180 mg/dL", "outside 3.9 and 10.0 mmol/L"),
        (
            {"type": "all", "of": [{"type": "sustained", "minutes": 15, "of": LOW}, NIGHT]},
            "below 70 mg/dL for 15 minutes, between 22:00 and 07:00",
            "below 3.9 mmol/L for 15 minutes, between 22:00 and 07:00",
        ),
        (
            {"type": "predictedBelow", "mgdl": 55, "withinMinutes": 20, "currentBelow": 100},
            "falling to 55 mg/dL within 20 minutes from below 100 mg/dL",
            "falling to 3.1 mmol/L within 20 minutes from below 5.5 mmol/L",
        ),
        (
            {"type": "predictedAbove", "mgdl": 250, "withinMinutes": 60},
            "rising to 250 mg/dL within 1 hour",
            "rising to 13.9 mmol/L within 1 hour",
        ),
        (
            {"type": "rate", "trend": "falling", "mgdlPerMinute": 3},
            "falling by 3 mg/dL per minute or faster over 15 minutes",
            "falling by 0.17 mmol/L per minute or faster over 15 minutes",
        ),
        (
            {"type": "not", "of": {"type": "any", "of": [LOW, {"type": "noReadingFor", "minutes": 1440}]}},
            "not (below 70 mg/dL or no reading for 24 hours)",
            "not (below 3.9 mmol/L or no reading for 24 hours)",
        ),
        ({"type": "jump", "mgdlPerMinute": 5}, "a jump of more than 5 mg/dL per minute", None),
        ({"type": "flatLine"}, "the same value for 45 minutes", None),
        ({"type": "quality", "atMost": "fair"}, "signal quality fair or poor", None),
        ({"type": "quality", "atMost": "poor"}, "signal quality poor", None),
        ({"type": "battery", "belowPercent": 20}, "battery below 20 %", None),
        ({"type": "deviceOffline", "minutes": 61}, "device offline for 61 minutes", None),
        (NIGHT | {"timeZone": "Asia/Tokyo"}, "between 22:00 and 07:00 (Asia/Tokyo)", None),
        (
            {"type": "alert", "rule": "urgent_low", "is": "unacknowledged", "forMinutes": 5},
            "the alarm urgent_low unacknowledged for 5 minutes",
            None,
        ),
        ({"type": "alert", "rule": "low", "is": "active"}, "the alarm low active", None),
    ],
)
def test_a_rule_in_words(condition, mg_dl, mmol_l):
    read = read_condition(condition)
    assert in_words(read, "mg/dL") == mg_dl
    if mmol_l is not None:
        assert in_words(read, "mmol/L") == mmol_l
