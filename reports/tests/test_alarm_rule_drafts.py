"""A condition in words with blanks says what the condition says, in both units, however often it is saved."""

from __future__ import annotations

import random
from typing import Any, get_args

import pytest

from alerts.engine.conditions import ConditionError, read_condition
from alerts.engine.conditions.combined import Condition
from alerts.presets import presets
from reports.alarm_rules.blanks import Clock, Glucose, NotFilled, Number, Rate, Whole, filled
from reports.alarm_rules.drafts import Draft, changed, draft_of, field_name, said_by, sent_draft
from reports.alarm_rules.kinds import KINDS, LEAVES

UNITS = ("mg/dL", "mmol/L")
LOW = {"type": "below", "mgdl": 70}
FALLING = {"type": "rate", "trend": "falling", "mgdlPerMinute": 3.0, "over": "twoReadings"}
NIGHT = {"type": "timeOfDay", "from": "22:00", "until": "06:00"}
ONE_OF_EACH: list[dict[str, Any]] = [
    LOW,
    {"type": "atOrBelow", "mgdl": 55},
    {"type": "above", "mgdl": 250},
    {"type": "atOrAbove", "mgdl": 181},
    {"type": "between", "low": 71, "high": 99},
    {"type": "outside", "low": 63, "high": 140},
    {"type": "predictedBelow", "mgdl": 55, "withinMinutes": 20, "method": "linear", "currentBelow": 100},
    {"type": "predictedBelow", "mgdl": 70, "withinMinutes": 20, "method": "ar2"},
    {"type": "predictedAbove", "mgdl": 251, "withinMinutes": 30, "method": "ar2"},
    FALLING,
    {"type": "rate", "trend": "rising", "mgdlPerMinute": 2.55, "over": "fifteenMinutes"},
    {"type": "noReadingFor", "minutes": 20},
    {"type": "deviceOffline", "minutes": 60},
    {"type": "battery", "belowPercent": 20},
    {"type": "quality", "atMost": "fair"},
    {"type": "flatLine", "minutes": 45},
    {"type": "jump", "mgdlPerMinute": 5.0},
    NIGHT,
    {**NIGHT, "timeZone": "Europe/Berlin"},
    {"type": "alert", "rule": "low", "is": "unacknowledged", "forMinutes": 15},
    {"type": "vital", "metric": "heart_rate", "operator": "gt", "value": 120.5, "forMinutes": 10},
    {"type": "vital", "metric": "systolic", "operator": "outside", "value": 80, "valueHigh": 160, "forMinutes": 0},
]


def form_of(draft: Draft) -> dict[str, str]:
    """As a browser sends it back."""
    sent = {}
    for path, one in draft.walk():
        sent[field_name(path, "type")] = one.type
        for name, text in one.typed.items():
            sent[field_name(path, name)] = text
            sent[f"{field_name(path, name)}-was"] = one.was.get(name, "")
    return sent


def round_trip(condition: Any, unit: str) -> Any:
    draft = sent_draft(form_of(draft_of(condition, unit)))
    assert draft is not None
    return said_by(draft, unit)


def some_tree(dice: random.Random, depth: int) -> dict[str, Any]:
    kind = dice.choice(["leaf", "all", "any", "not", "sustained"]) if depth > 1 else "leaf"
    if kind == "leaf":
        return dict(dice.choice(ONE_OF_EACH))
    if kind in ("all", "any"):
        return {"type": kind, "of": [some_tree(dice, depth - 1) for _ in range(dice.randint(1, 3))]}
    extra = {"minutes": dice.randint(1, 60)} if kind == "sustained" else {}
    return {"type": kind, **extra, "of": some_tree(dice, depth - 1)}


@pytest.mark.parametrize("unit", UNITS)
def test_every_kind_comes_back_as_it_was(unit: str) -> None:
    assert {one["type"] for one in ONE_OF_EACH} == {kind.type for kind in LEAVES}
    for condition in ONE_OF_EACH:
        assert round_trip(condition, unit) == read_condition(condition).to_json()


@pytest.mark.parametrize("unit", UNITS)
def test_every_tree_comes_back_as_it_was(unit: str) -> None:
    dice = random.Random(5)
    seen = 0
    for _ in range(300):
        tree = some_tree(dice, 6)
        try:
            said = read_condition(tree).to_json()
        except ConditionError:
            continue
        seen += 1
        assert round_trip(tree, unit) == said
    assert seen > 100


@pytest.mark.parametrize("unit", UNITS)
def test_every_rule_of_every_preset_can_be_shown(unit: str) -> None:
    for preset in presets():
        for rule in preset.rules:
            said = rule.condition.to_json()
            assert round_trip(said, unit) == said, rule.code


def test_the_form_knows_every_kind_and_field_of_the_engine() -> None:
    models = get_args(get_args(Condition)[0])
    for model in models:
        kind = KINDS[model.model_fields["type"].default]
        fields = {field.alias or name for name, field in model.model_fields.items()} - {"type", "of"}
        assert {blank.name for blank in kind.blanks} == fields
    assert len(models) == len(KINDS)


def test_blanks_take_what_the_engine_takes_and_nothing_else() -> None:
    for condition in ONE_OF_EACH:
        for blank in KINDS[condition["type"]].blanks:
            if not isinstance(blank, Number):
                continue
            plain = {name: value for name, value in condition.items() if name not in ("high", "low", "currentBelow")}
            partner = {"low": {"high": 400}, "high": {"low": 40}}.get(blank.name, {})
            is_range = condition["type"] in ("between", "outside")
            step = 1 if isinstance(blank, Whole | Glucose) else 0.01
            low, high = blank.low + (is_range and blank.name == "high"), blank.high - (is_range and blank.name == "low")
            for value in (low, high):
                read_condition({**plain, **partner, blank.name: value})
            for value in (blank.low - step, blank.high + step):
                with pytest.raises(ConditionError):
                    read_condition({**plain, **partner, blank.name: value})


def test_all_values_of_mmol_are_kept_for_ever() -> None:
    blank = Glucose("mgdl", "limit")
    for mgdl in range(40, 401):
        shown = blank.written(mgdl, "mmol/L")
        # Untouched it is the same value; typed anew, one that shows the same.
        assert filled(blank, shown, str(mgdl), "mmol/L") == mgdl
        assert blank.written(filled(blank, shown, "", "mmol/L"), "mmol/L") == shown
    assert filled(blank, "3,9", "", "mmol/L") == 70
    assert filled(blank, "4.0", "70", "mmol/L") == 72
    rate = Rate("mgdlPerMinute", "rate")
    assert filled(rate, rate.written(3.0, "mmol/L"), "3.0", "mmol/L") == 3
    for hundredths in range(3, 56):
        assert rate.written(filled(rate, f"0.{hundredths:02}", "", "mmol/L"), "mmol/L") == f"0.{hundredths:02}"


@pytest.mark.parametrize(
    ("unit", "typed", "sentence"),
    [
        ("mg/dL", "", "Fill this in."),
        ("mg/dL", "seventy", "Write a number."),
        ("mg/dL", "7e1", "Write a number."),
        ("mg/dL", "39", "from 40 to 400 mg/dL"),
        ("mg/dL", "70.5", "whole mg/dL"),
        ("mmol/L", "70", "from 2.2 to 22.2 mmol/L"),
    ],
)
def test_what_cannot_be_is_said_in_the_units_of_the_clinic(unit: str, typed: str, sentence: str) -> None:
    with pytest.raises(NotFilled, match=sentence):
        filled(Glucose("mgdl", "limit"), typed, "", unit)


def test_a_value_that_was_never_shown_does_not_come_in_unseen() -> None:
    blank = Glucose("mgdl", "limit")
    with pytest.raises(NotFilled):
        filled(blank, "20", "20", "mg/dL")
    assert filled(blank, "80", "70", "mg/dL") == 80
    assert filled(Clock("from", "from"), "7:30", "", "mg/dL") == "07:30"


def test_what_the_engine_refuses_stands_at_its_blank() -> None:
    draft = draft_of({"type": "all", "of": [LOW, {"type": "between", "low": 70, "high": 99}, NIGHT]}, "mg/dL")
    draft.inside[1].typed["high"] = "60"
    draft.inside[2].typed["timeZone"] = "Europe/berlin"
    assert said_by(draft, "mg/dL") is None
    assert draft.inside[1].errors == {"high": "Write more than in the blank before."}
    draft.inside[1].typed["high"] = "99"
    assert said_by(draft, "mg/dL") is None
    assert "Europe/Berlin" in draft.inside[2].errors["timeZone"]
    assert not draft.inside[0].errors


def test_conditions_are_added_beside_or_around() -> None:
    draft = draft_of(LOW, "mg/dL")
    draft = changed(draft, "and", "0")
    draft = changed(draft, "and", "0.0")
    draft = changed(draft, "or", "0.2")
    assert [(path, one.type) for path, one in draft.walk()] == [
        ("0", "all"), ("0.0", "below"), ("0.1", "below"), ("0.2", "any"), ("0.2.0", "below"), ("0.2.1", "below"),
    ]  # fmt: skip
    draft = changed(changed(draft, "not", "0.2"), "sustained", "0")
    assert draft.type == "sustained"
    assert draft.inside[0].inside[2].type == "not"
    draft = changed(draft, "unwrap", "0")
    for path in ("0.2.0.1", "0.1", "0.1.0"):
        draft = changed(draft, "remove", path)
    # With the last one the "not" around it is gone, and a group of one is that one.
    assert [one.type for _, one in draft.walk()] == ["below"]
    assert changed(draft, "remove", "0.7.3") is draft


def test_a_form_that_has_no_end_is_cut_and_refused() -> None:
    deep = {field_name(".".join(["0"] * depth), "type"): "not" for depth in range(1, 200)}
    draft = sent_draft(deep)
    assert draft is not None
    assert said_by(draft, "mg/dL") is None
    wide = {field_name("0", "type"): "any", **{field_name(f"0.{place}", "type"): "below" for place in range(500)}}
    draft = sent_draft(wide)
    assert draft is not None
    assert len(draft.inside) <= 50
