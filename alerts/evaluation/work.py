"""Which patients are to be looked at, and one transaction after the other in which some of them are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from alerts.evaluation import statements
from alerts.evaluation.judging import judge
from alerts.evaluation.loading import add_measured, claim
from alerts.evaluation.rules_gone import end_what_has_no_rule
from alerts.evaluation.writing import write
from alerts.rules import effective_rules
from readings.models import EvaluationMark
from tenancy.directory import organizations_named_by
from tenancy.scope import required_organization_id

# Their new readings wait while they are looked at: for so many that is about a tenth of a second.
PATIENTS_AT_ONCE = 200
PATIENTS_PER_RUN = 20_000

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Evaluated:
    patients: int = 0
    transitions: int = 0
    # Messages that are to be sent.
    told: int = 0
    rules_failed: int = 0
    # Seconds that new readings had waited, of the patients who had any.
    lags: list[float] = field(default_factory=list)

    def __add__(self, other: Evaluated) -> Evaluated:
        return Evaluated(
            self.patients + other.patients,
            self.transitions + other.transitions,
            self.told + other.told,
            self.rules_failed + other.rules_failed,
            self.lags + other.lags,
        )


def organizations_with_due_patients() -> list[int]:
    return organizations_named_by("alerts_due_organizations")


def evaluate_due_patients(*, limit: int = PATIENTS_PER_RUN) -> Evaluated:
    """Look at the patients of the organization in scope who have new readings, or whose time has come.

    In small transactions, so call it outside of one: what a transaction finds is kept together with the removal of the
    marks that led to it, or neither is. Patients whom a store or another evaluator holds are left to the next run.
    """
    done, left = Evaluated(), set[int]()
    while done.patients < limit:
        due, looked_at, found = _evaluate_some(left)
        done += found
        left.update(due - looked_at)
        # Asking once more would cost a clinic with few due patients as much as they did.
        if len(due) < PATIENTS_AT_ONCE:
            break
    return done


@transaction.atomic
def oldest_mark() -> datetime | None:
    """Since when a reading of the clinic in scope has been waiting for the rules."""
    found: datetime | None = EvaluationMark.objects.aggregate(oldest=Min("marked_at"))["oldest"]
    return found


def _evaluate_some(left: set[int]) -> tuple[set[int], set[int], Evaluated]:
    """Who was due besides those ``left``, who of them was looked at, and what came of it."""
    due: list[int] = []
    try:
        with transaction.atomic():
            now = timezone.now()
            due = _due_patients(left, now)
            return set(due), *_evaluate(due, now)
    except Exception:
        if not due:
            raise
        log.exception("patients_not_evaluated", organization=required_organization_id(), patients=len(due))
    looked_at, done = set[int](), Evaluated()
    for patient_id in due if len(due) > 1 else ():
        one, found = _evaluate_alone(patient_id)
        looked_at |= one
        done += found
    return set(due), looked_at, done


def _evaluate_alone(patient_id: int) -> tuple[set[int], Evaluated]:
    """Where a piece fails: one patient's trouble must not keep the others' alarms."""
    try:
        with transaction.atomic():
            return _evaluate([patient_id], timezone.now())
    except Exception:
        log.exception("patients_not_evaluated", organization=required_organization_id(), patients=1)
        return set(), Evaluated()


def _due_patients(left: set[int], now: datetime) -> list[int]:
    place: dict[str, Any] = {"organization_id": required_organization_id(), "left": list(left), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(statements.DUE, {**place, "limit": PATIENTS_AT_ONCE})
        return [patient_id for (patient_id,) in cursor.fetchall()]


def _evaluate(patient_ids: Sequence[int], now: datetime) -> tuple[set[int], Evaluated]:
    looks = claim(patient_ids, now) if patient_ids else {}
    if not looks:
        return set(), Evaluated()
    plans = effective_rules(list(looks))
    asked = {
        patient_id: frozenset[int]().union(*(rule.metrics for rule in rules)) for patient_id, rules in plans.items()
    }
    add_measured(looks, asked)
    outcomes = []
    for patient_id, look in looks.items():
        end_what_has_no_rule(look, plans[patient_id], now)
        outcomes.append(judge(look, plans[patient_id], now))
    told = write(outcomes, now)
    lags = [(now - look.waiting_since).total_seconds() for look in looks.values() if look.waiting_since < now]
    failed = sum(outcome.rules_failed for outcome in outcomes)
    return set(looks), Evaluated(
        len(outcomes), sum(len(outcome.transitions) for outcome in outcomes), told, failed, lags
    )
