from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from alerts.engine.conditions import Node, read_condition
from alerts.engine.machine import RulePlan


@dataclass(frozen=True)
class PresetRule:
    """``repeat_minutes``: rings again so often until somebody acknowledges; ``again_minutes``: once more so long after
    that where it still holds. None: not."""

    code: str
    name: str
    severity: str
    json: Mapping[str, Any]
    confirm_minutes: int = 0
    close_minutes: int = 15
    margin: int = 5
    is_on: bool = True
    can_be_switched_off: bool = True
    repeat_minutes: int | None = None
    again_minutes: int | None = None

    @cached_property
    def condition(self) -> Node:
        return read_condition(self.json)

    @cached_property
    def plan(self) -> RulePlan:
        return RulePlan(
            self.code, self.severity, self.condition, self.confirm_minutes, self.close_minutes, float(self.margin)
        )


@dataclass(frozen=True)
class Preset:
    code: str
    name: str
    rules: tuple[PresetRule, ...]

    def rule(self, code: str) -> PresetRule:
        """KeyError where the preset has none of this code."""
        for rule in self.rules:
            if rule.code == code:
                return rule
        raise KeyError(code)
