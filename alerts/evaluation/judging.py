"""One patient's rules at one look. Asks the database nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from prometheus_client import Counter

from alerts.engine.advance import advance, stays_idle, what_is_new
from alerts.engine.machine import RuleState, Transition, next_look
from alerts.engine.trace import Moment, OtherAlert, Reading, State, Timeline
from alerts.evaluation.loading import OUT_OF_ORDER, PatientLook, SeenReading
from alerts.evaluation.remembering import Remembered, Remembering
from alerts.evaluation.writing import Outcome
from alerts.models import Episode
from alerts.rules import EffectiveRule

RULES_FAILED = Counter("glucose_alarm_rules_failed_total", "Rules that could not be evaluated for a patient")

log = structlog.get_logger(__name__)


def judge(look: PatientLook, plans: Sequence[EffectiveRule], now: datetime) -> Outcome:
    """A rule that cannot be evaluated is logged, keeps its state and does not stop the patient's other rules."""
    outcome = Outcome(look)
    since = _remember_readings(outcome)
    timeline = Timeline(look.readings, look.zone, look.devices, _other_alerts(look))
    remembered = Remembered(look.rules)
    remembering = Remembering(remembered, timeline, since)
    new = _unseen(look)
    moments = what_is_new(remembered.idle, new, timeline)
    instant = max([now, *(reading.measured_at for reading in look.readings[-1:])])
    tick = timeline.at(instant)
    for plan in plans:
        state = remembered.state(plan)
        try:
            if state is remembered.idle and moments is not None and stays_idle(plan, moments, tick):
                _look_again(outcome, plan, state, tick)
                remembering.add_idle(plan)
                continue
            after, transitions = advance(plan, state, new, timeline, instant)
            _look_again(outcome, plan, after, tick)
        except Exception:
            RULES_FAILED.inc()
            log.exception("alarm_rule_failed", rule=plan.code)
            remembering.add(plan, state)
        else:
            _note(outcome, plan, after, transitions)
            remembering.add(plan, after)
    outcome.rules = remembering.said
    return outcome


def _note(outcome: Outcome, plan: EffectiveRule, state: RuleState, transitions: Sequence[Transition]) -> None:
    outcome.transitions += [(plan, transition) for transition in transitions]
    outcome.worst[plan.code] = state.worst


def _look_again(outcome: Outcome, plan: EffectiveRule, state: RuleState, tick: Moment) -> None:
    due = next_look(plan, state, tick) if plan.needs_ticks else None
    if due is not None and (outcome.next_look_at is None or due < outcome.next_look_at):
        outcome.next_look_at = due


def _unseen(look: PatientLook) -> list[Reading]:
    """Also one whose value was corrected since."""
    since, seen = look.new_since, look.seen
    recent = [reading for reading in look.readings if reading.measured_at > since and not reading.is_copy]
    return [reading for reading in recent if _key(reading) not in seen]


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
