"""Defaults of patients' own alarms as CGM makers have them (Dexcom G5 to G7, Libre), of the consensus on CGM metrics
(Battelino 2023), and Nightscout's for signal and battery. Limits are strict, save urgent low."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alerts.presets.table import Preset, PresetRule

Json = Mapping[str, Any]


def _below(mgdl: int) -> Json:
    return {"type": "below", "mgdl": mgdl}


def _above(mgdl: int) -> Json:
    return {"type": "above", "mgdl": mgdl}


def _sustained(minutes: int, of: Json) -> Json:
    return {"type": "sustained", "minutes": minutes, "of": of}


def _rate(trend: str, mgdl_per_minute: int) -> Json:
    return {"type": "rate", "trend": trend, "mgdlPerMinute": mgdl_per_minute}


def _predicted_low(mgdl: int) -> Json:
    return {"type": "all", "of": [{"type": "predictedBelow", "mgdl": mgdl, "withinMinutes": 20}, _rate("falling", 1)]}


def _no_reading(minutes: int) -> Json:
    return {"type": "noReadingFor", "minutes": minutes}


URGENT_LOW_SOON: Json = {"type": "predictedBelow", "mgdl": 55, "withinMinutes": 20, "currentBelow": 100}

STANDARD_RULES = (
    PresetRule(
        "urgent_low",
        "Urgent low",
        "critical",
        {"type": "atOrBelow", "mgdl": 55},
        can_be_switched_off=False,
        repeat_minutes=5,
        again_minutes=30,
    ),
    PresetRule("urgent_low_soon", "Urgent low soon", "high", URGENT_LOW_SOON),
    PresetRule("low", "Low", "high", _below(70)),
    PresetRule("predicted_low", "Low expected", "medium", _predicted_low(70)),
    PresetRule("extended_hypo", "Low for two hours", "critical", _sustained(120, _below(70)), repeat_minutes=15),
    PresetRule("high", "High", "medium", _above(250)),
    # What else it is, 90 of 120 minutes, is a finding of the reports: an alarm needs an unbroken stretch.
    PresetRule("prolonged_high", "High for long", "high", _sustained(90, _above(250))),
    PresetRule("falling_fast", "Falling fast", "medium", _rate("falling", 3), close_minutes=0, is_on=False),
    PresetRule("rising_fast", "Rising fast", "low", _rate("rising", 3), close_minutes=0, is_on=False),
    PresetRule("signal_loss", "No readings", "medium", _no_reading(20), close_minutes=0),
    PresetRule("signal_loss_urgent", "No readings for long", "high", _no_reading(30), close_minutes=0),
    PresetRule("signal_loss_day", "No readings for a day", "medium", _no_reading(1440), close_minutes=0, is_on=False),
    PresetRule("device_offline", "Device offline", "medium", {"type": "deviceOffline", "minutes": 60}, close_minutes=0),
    PresetRule("battery_low", "Battery low", "low", {"type": "battery", "belowPercent": 20}),
    PresetRule("sensor_quality", "Poor signal", "low", {"type": "quality", "atMost": "poor"}, confirm_minutes=15),
    PresetRule("flat_line", "Readings do not change", "medium", {"type": "flatLine", "minutes": 45}),
    PresetRule("implausible_jump", "Implausible jump", "low", {"type": "jump", "mgdlPerMinute": 5}, is_on=False),
)


def _changed(**changes: Mapping[str, Any]) -> tuple[PresetRule, ...]:
    """The standard rules with fields changed, by code."""
    return tuple(replace(rule, **changes.get(rule.code, {})) for rule in STANDARD_RULES)


PRESETS = (
    Preset("standard", "Standard", STANDARD_RULES),
    Preset(
        "tight",
        "Tight control",
        _changed(
            high={"json": _above(180), "confirm_minutes": 60},
            prolonged_high={"json": _sustained(120, _above(180))},
        ),
    ),
    Preset(
        "pregnancy",
        "Pregnancy",
        _changed(
            low={"json": _below(63)},
            predicted_low={"json": _predicted_low(63)},
            extended_hypo={"json": _sustained(120, _below(63))},
            high={"json": _above(140), "confirm_minutes": 60},
            prolonged_high={"json": _sustained(120, _above(180))},
        ),
    ),
    Preset(
        "clinic",
        "Clinic",
        _changed(
            low={"name": "Low for 15 minutes", "confirm_minutes": 15},
            high={"name": "High for an hour", "confirm_minutes": 60},
            signal_loss_day={"is_on": True},
        ),
    ),
)
