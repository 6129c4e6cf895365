"""One patient's rules at one look. Asks the database nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from alerts.engine.advance import AnyTimeline, advance, stays_idle, what_is_new
from alerts.engine.events import EventTimeline
from alerts.engine.machine import RuleState, Transition, next_look
from alerts.engine.trace import Event, Measured, Moment, OtherAlert, Reading, State, Timeline
from alerts.evaluation.loading import (
    MEASURED_SEEN,
    MEASURED_THROUGH,
    OUT_OF_ORDER,
    PatientLook,
    SeenMeasured,
    SeenReading,
    measured_since,
)
from alerts.evaluation.remembering import Remembered, Remembering
from alerts.evaluation.writing import Outcome
from alerts.models import Episode
from alerts.rules import EffectiveRule

log = structlog.get_logger(__name__)


def judge(look: PatientLook, plans: Sequence[EffectiveRule], now: datetime) -> Outcome:
    """A rule that cannot be evaluated is logged, keeps its state and does not stop the patient's other rules."""
    outcome = Outcome(look)
    since = _remember_readings(outcome)
    timeline = Timeline(look.readings, look.zone, look.devices, _other_alerts(look))
    asks_for_more = any(plan.metrics for plan in plans)
    measured = sorted(look.measured, key=lambda one: one.order)
    events = EventTimeline(timeline, measured) if asks_for_more else None
    remembered = Remembered(look.rules)
    remembering = Remembering(remembered, timeline, events, since)
    newest = [one.measured_at for one in look.readings[-1:]] + [one.measured_at for one in measured[-1:]]
    instant = max([now, *newest])
    new = _unseen(look)
    of_glucose = _Course(timeline, new, remembered.idle, instant)
    of_events = of_glucose
    if events is not None:
        of_events = _Course(events, [*new, *_unseen_measured(look, measured)], remembered.idle_of_events, instant)
        remembering.said |= _remember_measured(look, measured)
    for plan in plans:
        state, course = remembered.state(plan), of_events if plan.metrics else of_glucose
        try:
            if course.leaves_idle(plan, state):
                _look_again(outcome, plan, state, course.tick)
                remembering.add_idle(plan)
                continue
            after, transitions = advance(plan, state, course.new, course.timeline, instant)
            _look_again(outcome, plan, after, course.tick)
        except Exception:
            outcome.rules_failed += 1
            log.exception("alarm_rule_failed", rule=plan.code)
            remembering.add(plan, state)
        else:
            _note(outcome, plan, after, transitions)
            remembering.add(plan, after)
    outcome.rules = remembering.said
    return outcome


class _Course:
    """What a rule looks at: glucose alone, or with other measurements as well."""

    def __init__(self, timeline: AnyTimeline, new: Sequence[Event], idle: RuleState, instant: datetime) -> None:
        self.timeline, self.new, self._idle = timeline, new, idle
        self.tick = timeline.at(instant)
        self._moments = what_is_new(idle, new, timeline)

    def leaves_idle(self, plan: EffectiveRule, state: RuleState) -> bool:
        return state is self._idle and self._moments is not None and stays_idle(plan, self._moments, self.tick)


def _note(outcome: Outcome, plan: EffectiveRule, state: RuleState, transitions: Sequence[Transition]) -> None:
    outcome.transitions += [(plan, transition) for transition in transitions]
    outcome.worst[plan.code] = state.worst


def _look_again(outcome: Outcome, plan: EffectiveRule, state: RuleState, tick: Moment) -> None:
    due = next_look(plan, state, tick) if plan.needs_ticks or plan.metrics else None
    if due is not None and (outcome.next_look_at is None or due < outcome.next_look_at):
        outcome.next_look_at = due


def _unseen(look: PatientLook) -> list[Reading]:
    """Also one whose value was corrected since."""
    since, seen = look.new_since, look.seen
    recent = [reading for reading in look.readings if reading.measured_at > since and not reading.is_copy]
    return [reading for reading in recent if _key(reading) not in seen]


def _unseen_measured(look: PatientLook, measured: Sequence[Measured]) -> list[Measured]:
    since = measured_since(look) - OUT_OF_ORDER
    seen = {tuple(one) for one in look.rules.get(MEASURED_SEEN, ())}
    return [one for one in measured if one.measured_at > since and _measured_key(one) not in seen]


def _remember_measured(look: PatientLook, measured: Sequence[Measured]) -> dict[str, Any]:
    through = max([measured_since(look), *(one.measured_at for one in measured[-1:])])
    seen = [_measured_key(one) for one in measured if one.measured_at > through - OUT_OF_ORDER]
    return {MEASURED_THROUGH: through.isoformat(), MEASURED_SEEN: seen}


def _measured_key(one: Measured) -> SeenMeasured:
    return int(one.measured_at.timestamp() * 1000), one.metric, one.source, one.value, one.second_value


def _remember_readings(outcome: Outcome) -> datetime:
    """From when on later readings may be new."""
    look = outcome.look
    newest = look.readings[-1].measured_at if look.readings else look.evaluated_through or look.waiting_since
    outcome.evaluated_through = max(newest, look.evaluated_through or newest)
    since = outcome.evaluated_through - OUT_OF_ORDER
    outcome.seen = [_key(reading) for reading in look.readings if reading.measured_at > since]
    return since


def _key(reading: Reading) -> SeenReading:
    return int(reading.measured_at.timestamp() * 1000), reading.device_id, reading.glucose


def _other_alerts(look: PatientLook) -> dict[str, OtherAlert]:
    return {
        code: OtherAlert(State(episode.state), _since(episode), is_acknowledged=episode.acknowledged_at is not None)
        for code, episode in look.episodes.items()
    }


def _since(episode: Episode) -> datetime:
    return episode.confirmed_at or episode.opened_at
