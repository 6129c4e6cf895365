"""What a look found, kept: episodes with their steps, deliveries, and what the next look must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from alerts.deliveries.services import plan as plan_deliveries
from alerts.engine.machine import Kind, Transition
from alerts.evaluation import statements
from alerts.evaluation.loading import PatientLook, SeenReading
from alerts.models import Episode
from alerts.rules import EffectiveRule
from alerts.steps import add_step
from tenancy.scope import required_organization_id

LATE_AFTER = timedelta(minutes=5)
_STATES_OF_ENDS = {Kind.RESOLVED: Episode.State.RESOLVED, Kind.DISMISSED: Episode.State.DISMISSED}


@dataclass(slots=True)
class Outcome:
    """Of one patient: what each rule changed, in order, and what to remember."""

    look: PatientLook
    transitions: list[tuple[EffectiveRule, Transition]] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)
    worst: dict[str, int | None] = field(default_factory=dict)
    seen: list[SeenReading] = field(default_factory=list)
    evaluated_through: datetime | None = None
    next_look_at: datetime | None = None
    rules_failed: int = 0


def write(outcomes: Sequence[Outcome], now: datetime) -> int:
    """Returns how many messages are to be sent."""
    told = 0
    for outcome in outcomes:
        for plan, transition in outcome.transitions:
            told += _write_transition(outcome.look, plan, transition, now)
        _write_worst(outcome)
    kept = msgspec.json.encode([_kept(one) for one in outcomes]).decode()
    with connection.cursor() as cursor:
        cursor.execute(statements.KEEP, {"organization_id": required_organization_id(), "kept": kept, "now": now})
    return told


def _kept(outcome: Outcome) -> dict[str, Any]:
    return {
        "patient_id": outcome.look.patient_id,
        "evaluated_through": outcome.evaluated_through,
        "seen": outcome.seen,
        "rules": outcome.rules,
        "next_look_at": outcome.next_look_at,
    }


def _write_transition(look: PatientLook, plan: EffectiveRule, transition: Transition, now: datetime) -> int:
    if transition.kind is Kind.OPENED:
        look.episodes[plan.code] = _opened(look, plan, transition)
    # Somebody ended the episode before its readings did: the machine goes on alone until the rule is untrue.
    if (episode := look.episodes.get(plan.code)) is None:
        return 0
    _change(episode, transition, now)
    detail: dict[str, Any] = {"doubts": list(transition.doubts)} if transition.doubts else {}
    if transition.value is not None:
        detail |= {"metric": transition.value.metric, "value": transition.value.value}
    add_step(episode=episode, kind=transition.kind.value, at=transition.at, glucose=transition.glucose, detail=detail)
    if transition.kind in _STATES_OF_ENDS:
        del look.episodes[plan.code]
    return plan_deliveries(episode, "opened", now) if transition.kind is Kind.CONFIRMED else 0


def _opened(look: PatientLook, plan: EffectiveRule, transition: Transition) -> Episode:
    return Episode(
        patient_id=look.patient_id,
        rule_code=plan.code,
        rule_name=plan.name,
        rule=plan.to_json(),
        severity=plan.severity,
        state=Episode.State.CONFIRMING,
        opened_at=transition.at,
        glucose=transition.glucose,
        worst_glucose=transition.glucose if plan.direction else None,
        metric=transition.value.metric if transition.value else "",
        value=transition.value.value if transition.value else None,
    )


def _change(episode: Episode, transition: Transition, now: datetime) -> None:
    """Only its own columns: people and escalation change the others."""
    match transition.kind:
        case Kind.OPENED:
            episode.save(force_insert=True)
        case Kind.CONFIRMED:
            episode.state, episode.confirmed_at, episode.found_at = Episode.State.ACTIVE, transition.at, now
            episode.is_late, episode.doubts = now - transition.at > LATE_AFTER, list(transition.doubts)
            episode.save(update_fields=["state", "confirmed_at", "found_at", "is_late", "doubts"])
        case Kind.EASED:
            episode.state, episode.eased_at = Episode.State.EASING, transition.at
            episode.save(update_fields=["state", "eased_at"])
        case Kind.RETURNED:
            episode.state, episode.eased_at = Episode.State.ACTIVE, None
            episode.save(update_fields=["state", "eased_at"])
        case _:
            episode.state, episode.ended_at = _STATES_OF_ENDS[transition.kind], transition.at
            episode.save(update_fields=["state", "ended_at"])


def _write_worst(outcome: Outcome) -> None:
    for code, episode in outcome.look.episodes.items():
        worst = outcome.worst.get(code)
        if worst is not None and worst != episode.worst_glucose:
            Episode.objects.filter(pk=episode.pk).update(worst_glucose=worst)
