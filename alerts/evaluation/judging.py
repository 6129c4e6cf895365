"""One patient's rules at one look. Asks the database nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from prometheus_client import Counter

from alerts.engine.advance import advance
from alerts.engine.machine import RuleState, next_look
from alerts.engine.trace import OtherAlert, Reading, State, Timeline
from alerts.evaluation.loading import OUT_OF_ORDER, PatientLook, SeenReading
from alerts.evaluation.writing import Outcome
from alerts.models import Episode
from alerts.rules import EffectiveRule

RULES_FAILED = Counter("glucose_alarm_rules_failed_total", "Rules that could not be evaluated for a patient")

log = structlog.get_logger(__name__)


def judge(look: PatientLook, plans: Sequence[EffectiveRule], now: datetime) -> Outcome:
    """A rule that cannot be evaluated is logged, keeps its state and does not stop the patient's other rules."""
    unseen = [reading for reading in look.readings if _is_unseen(look, reading)]
    timeline = Timeline(look.readings, look.zone, look.devices, _other_alerts(look))
    instant = max([now, *(reading.measured_at for reading in look.readings[-1:])])
    outcome = Outcome(look)
    for plan in plans:
        state = _remembered(plan, look)
        try:
            after, transitions = advance(plan, state, unseen, timeline, instant)
            due = next_look(plan, after, timeline.at(instant))
        except Exception:
            RULES_FAILED.inc()
            log.exception("alarm_rule_failed", rule=plan.code)
            after, transitions, due = state, [], None
        outcome.transitions += [(plan, transition) for transition in transitions]
        outcome.rules[plan.code] = {**after.to_json(), "condition": plan.fingerprint}
        outcome.worst[plan.code] = after.worst
        if due is not None and (outcome.next_look_at is None or due < outcome.next_look_at):
            outcome.next_look_at = due
    _remember(outcome)
    return outcome


def _remembered(plan: EffectiveRule, look: PatientLook) -> RuleState:
    """A state remembers parts of its condition by their place: those of another condition say nothing about this."""
    known = look.rules.get(plan.code, {})
    state = RuleState.from_json(known)
    if known.get("condition", plan.fingerprint) != plan.fingerprint:
        state = replace(state, memory={}, true_since=None, clear_since=None)
    return state


def _is_unseen(look: PatientLook, reading: Reading) -> bool:
    """Also one whose value was corrected since."""
    return not reading.is_copy and reading.measured_at > look.new_since and _key(reading) not in look.seen


def _remember(outcome: Outcome) -> None:
    look = outcome.look
    newest = look.readings[-1].measured_at if look.readings else look.evaluated_through or look.waiting_since
    outcome.evaluated_through = max(newest, look.evaluated_through or newest)
    since = outcome.evaluated_through - OUT_OF_ORDER
    outcome.seen = [_key(reading) for reading in look.readings if reading.measured_at > since]


def _key(reading: Reading) -> SeenReading:
    return int(reading.measured_at.timestamp() * 1000), reading.device_id, reading.glucose


def _other_alerts(look: PatientLook) -> dict[str, OtherAlert]:
    return {
        code: OtherAlert(State(episode.state), _since(episode), is_acknowledged=episode.acknowledged_at is not None)
        for code, episode in look.episodes.items()
    }


def _since(episode: Episode) -> datetime:
    return episode.confirmed_at or episode.opened_at
