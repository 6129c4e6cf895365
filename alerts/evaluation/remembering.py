"""How far each rule of a patient is, as JSON. Most say nothing at most times, and take no more than a word there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.engine.machine import RuleState
from alerts.engine.trace import Timeline
from alerts.rules import EffectiveRule

IDLE = "idle"
# How far the idle ones have looked, beside the codes of rules: none of them has a space.
LOOKED_AT = "looked at"


class Remembered:
    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self.idle = RuleState.from_json({"looked_at": said[LOOKED_AT]} if LOOKED_AT in said else {})

    def state(self, plan: EffectiveRule) -> RuleState:
        """A state remembers parts of its condition by their place: those of another condition say nothing here."""
        known = self._said.get(plan.code, {})
        if known == IDLE:
            return self.idle
        state = RuleState.from_json(known)
        if known.get("condition", plan.fingerprint) != plan.fingerprint:
            state = replace(state, memory={}, true_since=None, clear_since=None)
        return state


class Remembering:
    """``since``: what ended before is of no more use, since no reading of before will come that could alarm."""

    def __init__(self, before: Remembered, timeline: Timeline, since: datetime) -> None:
        looked_at = before.idle.looked_at
        if timeline.readings and (looked_at is None or timeline.readings[-1].order > looked_at):
            looked_at = timeline.readings[-1].order
        self._idle = RuleState(looked_at=looked_at)
        self._since = since
        self.said: dict[str, Any] = {}
        if looked_at is not None:
            self.said[LOOKED_AT] = self._idle.to_json()["looked_at"]

    def add(self, plan: EffectiveRule, state: RuleState) -> None:
        if state.closed is not None and state.closed[1] <= self._since:
            state = replace(state, closed=None)
        if state == self._idle:
            self.add_idle(plan)
        else:
            self.said[plan.code] = {**state.to_json(), "condition": plan.fingerprint}

    def add_idle(self, plan: EffectiveRule) -> None:
        self.said[plan.code] = IDLE
