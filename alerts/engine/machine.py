"""One rule in one patient: idle, confirming, active, hysteresis, and idle again when the episode is resolved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from alerts.engine.conditions import Memory, Node, Truth, needs_ticks
from alerts.engine.conditions.node import (
    ROOT,
    Direction,
    direction_of,
    has_gap,
    last_instants,
    metrics_of,
    reads_readings,
)
from alerts.engine.conditions.vital import Vital
from alerts.engine.doubts import Doubt, doubts
from alerts.engine.trace import ALARMING, Event, Measured, Moment, Reading, State

URGENT_SEVERITIES = frozenset({"high", "critical"})


class Kind(StrEnum):
    OPENED = "opened"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    EASED = "eased"
    RETURNED = "returned"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Value:
    """Of a measurement beside glucose, by the name that rules give it."""

    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Transition:
    """``at``: when the reading was measured, or the tick. ``reading``: the newest then, the cause or the last one.
    ``doubts``: of an alarm that begins. ``value``: of a rule about other measurements, what it looked at; then there is
    no ``reading``, unless glucose decides as well."""

    kind: Kind
    at: datetime
    reading: Reading | None
    doubts: tuple[Doubt, ...] = ()
    value: Value | None = None

    @property
    def glucose(self) -> int | None:
        """mg/dL"""
        return None if self.reading is None else self.reading.glucose


@dataclass(frozen=True)
class RulePlan:
    """A rule as the machine runs it; ``margin`` in mg/dL makes an open episode harder to leave than to enter."""

    code: str
    severity: str
    condition: Node
    confirm_minutes: int = 0
    close_minutes: int = 15
    margin: float = 5
    needs_ticks: bool = field(init=False)
    # Whether it matters since when the condition holds, or what of it.
    looks_back: bool = field(init=False)
    direction: Direction | None = field(init=False)
    is_urgent: bool = field(init=False)
    # Kinds of measurements beside glucose that it asks for, and whether readings decide as well.
    metrics: frozenset[int] = field(init=False)
    reads_readings: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs_ticks", needs_ticks(self.condition))
        object.__setattr__(self, "looks_back", self.confirm_minutes > 0 or self.condition.longest_run() > 0)
        object.__setattr__(self, "direction", direction_of(self.condition))
        object.__setattr__(self, "is_urgent", self.severity in URGENT_SEVERITIES)
        object.__setattr__(self, "metrics", metrics_of(self.condition))
        object.__setattr__(self, "reads_readings", reads_readings(self.condition))

    def instant(self, moment: Moment) -> datetime:
        """Where only readings matter it is theirs: when they are looked at makes no difference."""
        if self.needs_ticks:
            return moment.at
        if self.metrics:
            times = last_instants(moment, self.metrics, with_readings=self.reads_readings)
            return times[0] if times else moment.at
        return moment.at if moment.newest is None else moment.newest.measured_at

    def is_about(self, event: Event) -> bool:
        """Whether it can matter: a rule does not look at the past because something else was measured."""
        if isinstance(event, Measured):
            return event.metric in self.metrics
        return self.reads_readings or not self.metrics

    def is_broken(self, moment: Moment) -> bool:
        """Nothing can be said to have gone on until now."""
        if self.metrics:
            return has_gap(moment, self.metrics, with_readings=self.reads_readings)
        return moment.is_silent


@dataclass(frozen=True, slots=True)
class RuleState:
    """Everything there is to remember between two looks.

    ``since``: in this state. ``true_since``, ``clear_since``: the condition holds, or no longer does, without a break.
    ``worst``: lowest or highest mg/dL of the open episode. ``looked_at``: time and device of the newest reading seen.
    ``closed``: from when to when the last episode was.
    """

    state: State = State.IDLE
    since: datetime | None = None
    opened_at: datetime | None = None
    true_since: datetime | None = None
    clear_since: datetime | None = None
    worst: int | None = None
    memory: Memory = field(default_factory=dict)
    looked_at: tuple[datetime, int] | None = None
    closed: tuple[datetime, datetime] | None = None

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"state": self.state.value, "worst": self.worst, "memory": self.memory}
        for name in ("since", "opened_at", "true_since", "clear_since"):
            instant: datetime | None = getattr(self, name)
            said[name] = instant and instant.isoformat()
        said["looked_at"] = self.looked_at and [self.looked_at[0].isoformat(), self.looked_at[1]]
        said["closed"] = self.closed and [instant.isoformat() for instant in self.closed]
        return {name: value for name, value in said.items() if value not in (None, {})}

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> RuleState:
        instants = {
            name: datetime.fromisoformat(said[name])
            for name in ("since", "opened_at", "true_since", "clear_since")
            if name in said
        }
        looked_at, closed = said.get("looked_at"), said.get("closed")
        return cls(
            state=State(said.get("state", State.IDLE)),
            worst=said.get("worst"),
            memory=dict(said.get("memory", {})),
            looked_at=looked_at and (datetime.fromisoformat(looked_at[0]), looked_at[1]),
            closed=closed and (datetime.fromisoformat(closed[0]), datetime.fromisoformat(closed[1])),
            **instants,
        )

    def is_within_closed(self, instant: datetime) -> bool:
        """An episode that is over has alarmed for it."""
        return self.closed is not None and self.closed[0] <= instant <= self.closed[1]


def step(plan: RulePlan, state: RuleState, moment: Moment) -> tuple[RuleState, list[Transition]]:
    """One look at the rule, and what it changes."""
    truth, looked = _look(plan, state, moment)
    # A reading of before the tick that opened an episode may end it, but not before it began.
    at = plan.instant(moment) if state.since is None else max(plan.instant(moment), state.since)
    match state.state:
        case State.IDLE:
            after, kinds = _from_idle(plan, looked, truth, at)
        case State.CONFIRMING:
            after, kinds = _from_confirming(plan, looked, truth, at)
        case State.ACTIVE:
            after, kinds = _from_active(plan, looked, truth, at)
        case _:
            after, kinds = _from_hysteresis(plan, looked, truth, at, moment)
    return _with_worst(plan, after, moment), [_transition(plan, kind, at, moment) for kind in kinds]


def _transition(plan: RulePlan, kind: Kind, at: datetime, moment: Moment) -> Transition:
    found = doubts(plan.condition, moment) if kind is Kind.CONFIRMED else ()
    reading = moment.newest if plan.reads_readings or not plan.metrics else None
    return Transition(kind, at, reading, found, _value(plan, moment) if plan.metrics else None)


def _value(plan: RulePlan, moment: Moment) -> Value | None:
    """What the first of its conditions that has a measurement looked at."""
    for node in plan.condition.walk():
        if isinstance(node, Vital) and (newest := moment.newest_measured(node.metric_number)) is not None:
            return Value(node.metric, newest.part(node.measure.part))
    return None


def settle(plan: RulePlan, state: RuleState, until: datetime) -> tuple[RuleState, list[Transition]]:
    """What the clock alone ends: a measurement beside glucose may not be repeated for hours, so what eased and was not
    found again is over when the rule's closing minutes have passed."""
    ends_at = _ends_at(plan, state)
    if ends_at is None or ends_at > until:
        return state, []
    return _resolved(state, ends_at), [Transition(Kind.RESOLVED, ends_at, None)]


def _ends_at(plan: RulePlan, state: RuleState) -> datetime | None:
    if not plan.metrics or state.state is not State.HYSTERESIS or state.clear_since is None or state.since is None:
        return None
    # A value that came late may tell that it was clear before; the episode eased when somebody could have known.
    return max(state.clear_since, state.since) + timedelta(minutes=plan.close_minutes)


def observe(plan: RulePlan, state: RuleState, moment: Moment) -> RuleState:
    """One look that changes nothing but what is remembered: at late readings, and at silences."""
    return _look(plan, state, moment)[1]


def next_look(plan: RulePlan, state: RuleState, moment: Moment) -> datetime | None:
    """When the clock may change something although no reading comes; None: never, or only after a reading."""
    ends_at = _ends_at(plan, state)
    if ends_at is not None or not plan.needs_ticks:
        return ends_at
    instants = list(plan.condition.changes(moment, state.memory, ROOT))
    if state.true_since is not None:
        instants.append(state.true_since + timedelta(minutes=plan.confirm_minutes))
    if state.clear_since is not None:
        instants.append(state.clear_since + timedelta(minutes=plan.close_minutes))
    return min((instant for instant in instants if instant > moment.at), default=None)


def _look(plan: RulePlan, state: RuleState, moment: Moment) -> tuple[Truth, RuleState]:
    is_alarming = state.state in ALARMING
    margin = plan.margin if is_alarming else None
    truth, memory = plan.condition.evaluate(moment, state.memory, margin, is_urgent=plan.is_urgent)
    run = state.clear_since if is_alarming else state.true_since
    if plan.metrics and not is_alarming and run is not None and plan.is_broken(moment):
        run = None
    if truth is None:
        # What eased stays so: ``settle`` ends it.
        run = None if plan.is_broken(moment) and not (plan.metrics and is_alarming) else run
    elif truth is not is_alarming:
        run = run or plan.instant(moment)
    else:
        run = None
    clear_since, true_since = (run, None) if is_alarming else (None, run)
    if memory == state.memory and clear_since == state.clear_since and true_since == state.true_since:
        return truth, state
    return truth, replace(state, memory=memory, clear_since=clear_since, true_since=true_since)


def _from_idle(plan: RulePlan, state: RuleState, truth: Truth, at: datetime) -> tuple[RuleState, list[Kind]]:
    if not truth:
        return state, []
    opened = replace(state, state=State.CONFIRMING, since=at, opened_at=at, worst=None)
    after, kinds = _from_confirming(plan, opened, truth, at)
    return after, [Kind.OPENED, *kinds]


def _from_confirming(plan: RulePlan, state: RuleState, truth: Truth, at: datetime) -> tuple[RuleState, list[Kind]]:
    if truth is False:
        return _idle(state), [Kind.DISMISSED]
    if truth and _has_lasted(state.true_since, at, plan.confirm_minutes):
        return replace(state, state=State.ACTIVE, since=at, true_since=None), [Kind.CONFIRMED]
    return state, []


def _from_active(plan: RulePlan, state: RuleState, truth: Truth, at: datetime) -> tuple[RuleState, list[Kind]]:
    if truth is not False:
        return state, []
    if plan.close_minutes == 0:
        return _resolved(state, at), [Kind.RESOLVED]
    return replace(state, state=State.HYSTERESIS, since=at), [Kind.EASED]


def _from_hysteresis(
    plan: RulePlan, state: RuleState, truth: Truth, at: datetime, moment: Moment
) -> tuple[RuleState, list[Kind]]:
    # Of measurements beside glucose ``settle`` decides.
    if truth is False and not plan.metrics and _has_lasted(state.clear_since, at, plan.close_minutes):
        return _resolved(state, at), [Kind.RESOLVED]
    # Within the margin the episode is not over; it comes back only where it would have begun.
    if truth and plan.condition.evaluate(moment, state.memory, 0, is_urgent=plan.is_urgent)[0]:
        return replace(state, state=State.ACTIVE, since=at), [Kind.RETURNED]
    return state, []


def _has_lasted(since: datetime | None, at: datetime, minutes: int) -> bool:
    return since is not None and at - since >= timedelta(minutes=minutes)


def _resolved(state: RuleState, at: datetime) -> RuleState:
    opened_at = state.opened_at or at
    return replace(_idle(state), closed=(opened_at, at))


def _idle(state: RuleState) -> RuleState:
    return replace(state, state=State.IDLE, since=None, opened_at=None, true_since=None, clear_since=None, worst=None)


def _with_worst(plan: RulePlan, state: RuleState, moment: Moment) -> RuleState:
    reading = moment.current
    if state.state is State.IDLE or plan.direction is None or reading is None:
        return state
    choose = min if plan.direction == "low" else max
    worst = reading.glucose if state.worst is None else choose(state.worst, reading.glucose)
    return state if worst == state.worst else replace(state, worst=worst)
