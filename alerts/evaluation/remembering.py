"""How far each rule of a patient is, as JSON. Most say nothing at most times, and take no more than a word there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.engine.advance import AnyTimeline
from alerts.engine.machine import RuleState
from alerts.rules import EffectiveRule

IDLE = "idle"
# How far the idle ones have looked, beside the codes of rules: none of them has a space.
LOOKED_AT = "looked at"
# The same of rules that ask for other measurements: for them those are events as well.
EVENTS_LOOKED_AT = "events looked at"


class Remembered:
    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self.idle = _idle(said, LOOKED_AT)
        self.idle_of_events = _idle(said, EVENTS_LOOKED_AT)

    def idle_of(self, plan: EffectiveRule) -> RuleState:
        return self.idle_of_events if plan.metrics else self.idle

    def state(self, plan: EffectiveRule) -> RuleState:
        """A state remembers parts of its condition by their place: those of another condition say nothing here."""
        known = self._said.get(plan.code, {})
        if known == IDLE:
            return self.idle_of(plan)
        state = RuleState.from_json(known)
        if known.get("condition", plan.fingerprint) != plan.fingerprint:
            state = replace(state, memory={}, true_since=None, clear_since=None)
        return state


class Remembering:
    """``since``: what ended before is of no more use, since no reading of before will come that could alarm."""

    def __init__(self, before: Remembered, timeline: AnyTimeline, events: AnyTimeline | None, since: datetime) -> None:
        """``events``: of glucose and other measurements, where a rule asks for any."""
        self._since = since
        self.said: dict[str, Any] = {}
        self._idle = self._looked_at(LOOKED_AT, before.idle, timeline)
        self._idle_of_events = self._idle
        if events is not None:
            self._idle_of_events = self._looked_at(EVENTS_LOOKED_AT, before.idle_of_events, events)

    def _looked_at(self, name: str, before: RuleState, timeline: AnyTimeline) -> RuleState:
        looked_at = before.looked_at
        if timeline.readings and (looked_at is None or timeline.readings[-1].order > looked_at):
            looked_at = timeline.readings[-1].order
        idle = RuleState(looked_at=looked_at)
        if looked_at is not None:
            self.said[name] = idle.to_json()["looked_at"]
        return idle

    def add(self, plan: EffectiveRule, state: RuleState) -> None:
        if state.closed is not None and state.closed[1] <= self._since:
            state = replace(state, closed=None)
        if state == (self._idle_of_events if plan.metrics else self._idle):
            self.add_idle(plan)
        else:
            self.said[plan.code] = {**state.to_json(), "condition": plan.fingerprint}

    def add_idle(self, plan: EffectiveRule) -> None:
        self.said[plan.code] = IDLE


def _idle(said: Mapping[str, Any], name: str) -> RuleState:
    return RuleState.from_json({"looked_at": said[name]} if name in said else {})
