"""Rules in words, as the pages tell them."""

from __future__ import annotations

from typing import Any

from alerts.engine.conditions import ConditionError, Node, in_words, read_condition
from alerts.engine.conditions import words as counted
from alerts.engine.conditions.glucose import Limit, Predicted, Range, Rate
from alerts.engine.conditions.surroundings import TimeOfDay
from alerts.rules.standing import SAID, StandingRule

UNKNOWN = "a condition of a kind that this version does not know"
_FIELDS = {
    "name": "name", "severity": "severity", "condition": "condition", "confirm_minutes": "delay",
    "close_minutes": "ends after", "margin": "margin", "repeat_minutes": "rings again", "is_on": "switched on",
    "preset": "preset", "preset_version": "version of the preset", "message_detail": "what messages tell",
    "group": "group", "notifies": "notifies", "quiet_from": "quiet from", "quiet_until": "quiet until", "code": "code",
}  # fmt: skip


def readable(condition: Any) -> Node | None:
    """None where it is of a kind that this version does not know any more."""
    try:
        return read_condition(condition)
    except ConditionError:
        return None


def condition_words(condition: Any, unit: str) -> str:
    node = readable(condition)
    return UNKNOWN if node is None else in_words(node, unit)


def sentence(rule: StandingRule, unit: str) -> str:
    """ "Alarm when glucose is below 70 mg/dL, after 15 minutes of it." """
    said = f"Alarm {_when(rule.condition, unit)}"
    if rule.confirm_minutes:
        said += f", after {counted.minutes(rule.confirm_minutes)} of it"
    return f"{said}."


def _when(condition: Any, unit: str) -> str:
    node = readable(condition)
    if node is None:
        return f"on {UNKNOWN}"
    first = next(one for one in node.walk() if not one.children())
    said = in_words(node, unit)
    if not said.lstrip("(").startswith(first.words(unit)):
        return f"on {said}"
    if isinstance(first, Limit | Range | Predicted | Rate):
        return f"when glucose is {said}"
    return f"when it is {said}" if isinstance(first, TimeOfDay) else f"on {said}"


def field_words(name: str) -> str:
    return _FIELDS.get(name, name.replace("_", " "))


def value_words(name: str, value: Any, unit: str) -> str:
    """Of a column of a rule, a choice or a patient's settings, also as the ledger keeps it."""
    if value is None or value == "":
        return "never" if name == "repeat_minutes" else "nothing"
    if name == "condition":
        return condition_words(value, unit)
    if name == "margin":
        return counted.glucose(value, unit)
    if name.endswith("_minutes") and isinstance(value, int):
        return counted.minutes(value) if value else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def differences(before: StandingRule, after: StandingRule, unit: str) -> list[str]:
    """ "severity low instead of high", for each column that says something else."""
    return [
        f"{field_words(name)} {value_words(name, getattr(after, name), unit)} instead of "
        f"{value_words(name, getattr(before, name), unit)}"
        for name in SAID
        if getattr(before, name) != getattr(after, name)
    ]
