"""Made readings, and a world in which they arrive one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.engine.advance import advance, stays_idle, what_is_new
from alerts.engine.conditions import read_condition
from alerts.engine.machine import Kind, RulePlan, RuleState, Transition
from alerts.engine.trace import ALARMING, DeviceContact, Moment, OtherAlert, Reading, Timeline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ARRIVES_AFTER = timedelta(seconds=20)


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def reading(at: float, glucose: int, *, late_by: float | None = None, device: int = 1, **fields: Any) -> Reading:
    measured = minute(at)
    received = measured + (ARRIVES_AFTER if late_by is None else timedelta(minutes=late_by))
    return Reading(measured, glucose, device, received, **fields)


def every_five(*values: int, start: float = 0) -> list[Reading]:
    return [reading(start + 5 * place, value) for place, value in enumerate(values)]


def moment(readings: Sequence[Reading], at: float | None = None, **surroundings: Any) -> Moment:
    """At the newest reading, or at a minute."""
    now = readings[-1].measured_at if at is None else minute(at)
    return replace(Timeline(readings, surroundings.pop("zone", BERLIN)).at(now), **surroundings)


def plan(condition: dict[str, Any], **fields: Any) -> RulePlan:
    return RulePlan(fields.pop("code", "rule"), "high", read_condition(condition), **fields)


def below(mgdl: int, **fields: Any) -> RulePlan:
    return plan({"type": "below", "mgdl": mgdl}, **fields)


@dataclass
class Patient:
    """What is stored, and what each rule remembers: as JSON, as if every look were another process."""

    plans: Sequence[RulePlan]
    zone: ZoneInfo = BERLIN
    lag: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.stored: list[Reading] = []
        self.remembered = {plan.code: "{}" for plan in self.plans}
        self.transitions: dict[str, list[Transition]] = {plan.code: [] for plan in self.plans}

    def look(self, new: Iterable[Reading], now: datetime) -> None:
        new = list(new)
        self.stored += new
        contacts = [(one.received_at, one.device_id) for one in self.stored]
        devices = {number: DeviceContact(at, is_current=True, lag=self.lag) for at, number in sorted(contacts)[-1:]}
        timeline = Timeline(self.stored, self.zone, devices, self._open_alerts())
        for rule in self.plans:
            state = RuleState.from_json(json.loads(self.remembered[rule.code]))
            is_idle = _is_said_to_stay_idle(rule, state, new, timeline, now)
            state, transitions = advance(rule, state, new, timeline, now)
            # Whoever takes the short way must find what the long one does.
            assert not is_idle or (transitions == [] and state == RuleState(looked_at=state.looked_at))
            self.remembered[rule.code] = json.dumps(state.to_json())
            self.transitions[rule.code] += transitions

    def _open_alerts(self) -> dict[str, OtherAlert]:
        """As they were before this look; nobody acknowledges."""
        states = {code: RuleState.from_json(json.loads(text)).state for code, text in self.remembered.items()}
        return {
            code: OtherAlert(state, self.alarms(code)[-1]["confirmed"] or NOON)
            for code, state in states.items()
            if state in ALARMING
        }

    def live_through(self, readings: Iterable[Reading], until: datetime) -> None:
        """Each reading at its arrival, and the sweep each minute."""
        arrivals = sorted(readings, key=lambda one: one.received_at)
        now = min(one.measured_at for one in arrivals)
        while now <= until:
            self.look([], now)
            now += timedelta(minutes=1)
            while arrivals and arrivals[0].received_at < now:
                together = [one for one in arrivals if one.received_at == arrivals[0].received_at]
                self.look(together, together[0].received_at)
                arrivals = arrivals[len(together) :]

    def alarms(self, code: str) -> list[dict[str, datetime | None]]:
        return episodes(self.transitions[code])


def _is_said_to_stay_idle(
    rule: RulePlan, state: RuleState, new: Sequence[Reading], timeline: Timeline, now: datetime
) -> bool:
    if state != RuleState(looked_at=state.looked_at):
        return False
    moments = what_is_new(state, new, timeline)
    return moments is not None and stays_idle(rule, moments, timeline.at(now))


def episodes(transitions: Iterable[Transition]) -> list[dict[str, datetime | None]]:
    """Those that were confirmed, from their transitions."""
    found: list[dict[str, datetime | None]] = []
    opened_at: datetime | None = None
    for transition in transitions:
        if transition.kind is Kind.OPENED:
            opened_at = transition.at
        elif transition.kind is Kind.CONFIRMED:
            found.append({"opened": opened_at, "confirmed": transition.at, "resolved": None})
        elif transition.kind is Kind.RESOLVED:
            found[-1]["resolved"] = transition.at
    return found


def kinds(transitions: Iterable[Transition]) -> list[tuple[str, float]]:
    """With the minute of each."""
    return [(change.kind.value, (change.at - NOON).total_seconds() / 60) for change in transitions]


def walk(rule: RulePlan, readings: Sequence[Reading]) -> tuple[RuleState, list[tuple[str, float]]]:
    """All at once, as after a pause of the evaluators."""
    now = max(one.received_at for one in readings)
    state, transitions = advance(rule, RuleState(), readings, Timeline(readings, BERLIN), now)
    return state, kinds(transitions)
