"""Alarms that nobody can lose: the platform's presets say which, and how far a clinic may move them."""

from __future__ import annotations

from functools import cache
from typing import Any

from alerts.models import Severity
from alerts.presets import presets

# mg/dL. Lower would come too late, higher would make the one alarm that always rings an everyday one.
LOWEST_LIMIT, HIGHEST_LIMIT = 55, 70


@cache
def guarded_codes() -> frozenset[str]:
    return frozenset(rule.code for preset in presets() for rule in preset.rules if not rule.can_be_switched_off)


def is_guarded(code: str) -> bool:
    return code in guarded_codes()


def problems_of_guarded(values: dict[str, Any]) -> dict[str, str]:
    """By field, sentences that say why a guarded rule cannot become this; empty where it can."""
    problems = {}
    if not values["is_on"]:
        problems["is_on"] = "This alarm cannot be switched off."
    if values["severity"] != Severity.CRITICAL:
        problems["severity"] = "This alarm is critical and stays so."
    if values["confirm_minutes"] != 0:
        problems["confirm_minutes"] = "This alarm does not wait: write 0."
    if not _is_safe(values["condition"]):
        problems["condition"] = (
            'The condition of this alarm is {"type": "atOrBelow", "mgdl": …} with a value from '
            f"{LOWEST_LIMIT} to {HIGHEST_LIMIT} mg/dL."
        )
    return problems


def _is_safe(condition: Any) -> bool:
    if not isinstance(condition, dict) or condition.get("type") != "atOrBelow":
        return False
    limit = condition.get("mgdl")
    return isinstance(limit, int) and LOWEST_LIMIT <= limit <= HIGHEST_LIMIT
