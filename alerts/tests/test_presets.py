from __future__ import annotations

import pytest

from alerts.engine.conditions import in_words, read_condition
from alerts.presets import STANDARD, VERSION, preset, presets

SEVERITIES = {"low", "medium", "high", "critical"}

# Version 1 as it was released: whoever changes a default makes a new version.
STANDARD_IN_WORDS = {
    "urgent_low": ("critical", "at or below 55 mg/dL", 0, 15, True),
    "urgent_low_soon": ("high", "falling to 55 mg/dL within 20 minutes from below 100 mg/dL", 0, 15, True),
    "low": ("high", "below 70 mg/dL", 0, 15, True),
    "predicted_low": (
        "medium",
        "falling to 70 mg/dL within 20 minutes, falling by 1 mg/dL per minute or faster over 15 minutes",
        0,
        15,
        True,
    ),
    "extended_hypo": ("critical", "below 70 mg/dL for 2 hours", 0, 15, True),
    "high": ("medium", "above 250 mg/dL", 0, 15, True),
    "prolonged_high": ("high", "above 250 mg/dL for 90 minutes", 0, 15, True),
    "falling_fast": ("medium", "falling by 3 mg/dL per minute or faster over 15 minutes", 0, 0, False),
    "rising_fast": ("low", "rising by 3 mg/dL per minute or faster over 15 minutes", 0, 0, False),
    "signal_loss": ("medium", "no reading for 20 minutes", 0, 0, True),
    "signal_loss_urgent": ("high", "no reading for 30 minutes", 0, 0, True),
    "signal_loss_day": ("medium", "no reading for 24 hours", 0, 0, False),
    "device_offline": ("medium", "device offline for 1 hour", 0, 0, True),
    "battery_low": ("low", "battery below 20 %", 0, 15, True),
    "sensor_quality": ("low", "signal quality poor", 15, 15, True),
    "flat_line": ("medium", "the same value for 45 minutes", 0, 15, True),
    "implausible_jump": ("low", "a jump of more than 5 mg/dL per minute", 0, 15, False),
}


def in_a_row(rule):
    return (rule.severity, in_words(rule.condition, "mg/dL"), rule.confirm_minutes, rule.close_minutes, rule.is_on)


def test_the_standard_preset_is_as_it_was_released():
    assert VERSION == 1
    assert {rule.code: in_a_row(rule) for rule in preset(STANDARD, 1).rules} == STANDARD_IN_WORDS
    assert {rule.margin for rule in preset(STANDARD, 1).rules} == {5}


@pytest.mark.parametrize(
    ("code", "differences"),
    [
        (
            "clinic",
            {
                "low": ("high", "below 70 mg/dL", 15, 15, True),
                "high": ("medium", "above 250 mg/dL", 60, 15, True),
                "signal_loss_day": ("medium", "no reading for 24 hours", 0, 0, True),
            },
        ),
        (
            "tight",
            {
                "high": ("medium", "above 180 mg/dL", 60, 15, True),
                "prolonged_high": ("high", "above 180 mg/dL for 2 hours", 0, 15, True),
            },
        ),
        (
            "pregnancy",
            {
                "low": ("high", "below 63 mg/dL", 0, 15, True),
                "predicted_low": (
                    "medium",
                    "falling to 63 mg/dL within 20 minutes, falling by 1 mg/dL per minute or faster over 15 minutes",
                    0,
                    15,
                    True,
                ),
                "extended_hypo": ("critical", "below 63 mg/dL for 2 hours", 0, 15, True),
                "high": ("medium", "above 140 mg/dL", 60, 15, True),
                "prolonged_high": ("high", "above 180 mg/dL for 2 hours", 0, 15, True),
            },
        ),
    ],
)
def test_other_presets_differ_in_what_they_are_for(code, differences):
    rows = {rule.code: in_a_row(rule) for rule in preset(code).rules}
    assert {rule: row for rule, row in rows.items() if row != STANDARD_IN_WORDS[rule]} == differences
    assert rows.keys() == STANDARD_IN_WORDS.keys()


def test_urgent_low_cannot_be_switched_off_anywhere():
    for each in presets():
        assert [rule.code for rule in each.rules if not rule.can_be_switched_off] == ["urgent_low"]
        urgent = each.rule("urgent_low")
        assert (urgent.is_on, urgent.repeat_minutes, urgent.again_minutes) == (True, 5, 30)
        assert urgent.plan.confirm_minutes == 0


def test_rules_are_complete():
    for each in presets():
        codes = [rule.code for rule in each.rules]
        assert len(codes) == len(set(codes))
        for rule in each.rules:
            assert rule.severity in SEVERITIES
            assert rule.plan.code == rule.code
            assert read_condition(rule.json) == rule.plan.condition


def test_unknown_presets_and_rules():
    with pytest.raises(KeyError):
        preset("relaxed")
    with pytest.raises(KeyError):
        preset("standard", 2)
    with pytest.raises(KeyError):
        preset("standard").rule("nothing")
