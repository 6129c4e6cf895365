"""Which patients are to be looked at, and one transaction after the other in which some of them are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone

from alerts.evaluation.judging import judge
from alerts.evaluation.loading import claim
from alerts.evaluation.rules_gone import end_what_has_no_rule
from alerts.evaluation.writing import write
from alerts.models import PatientEvaluation
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


def organizations_with_due_patients() -> list[int]:
    return organizations_named_by("alerts_due_organizations")


def evaluate_due_patients(*, limit: int = PATIENTS_PER_RUN) -> Evaluated:
    """Look at the patients of the organization in scope who have new readings, or whose time has come.

    In small transactions, so call it outside of one: what a transaction finds is kept together with the removal of the
    marks that led to it, or neither is. Patients whom a store or another evaluator holds are left to the next run.
    """
    done, left = Evaluated(), set[int]()
    while done.patients < limit and (patient_ids := _due_patients(left)):
        left.update(set(patient_ids) - _evaluated(patient_ids, done))
    return done


def _evaluated(patient_ids: Sequence[int], done: Evaluated) -> set[int]:
    """Those who were looked at. Where the piece fails each is tried alone."""
    try:
        return _evaluate(patient_ids, done)
    except Exception:
        log.exception("patients_not_evaluated", organization=required_organization_id(), patients=len(patient_ids))
    if len(patient_ids) == 1:
        return set()
    return set().union(*(_evaluated([patient_id], done) for patient_id in patient_ids))


@transaction.atomic
def _due_patients(left: set[int]) -> list[int]:
    marks = EvaluationMark.objects.exclude(patient_id__in=left).longest_waiting_first()
    found = list(marks.values_list("patient_id", flat=True)[:PATIENTS_AT_ONCE])
    if len(found) < PATIENTS_AT_ONCE:
        due = PatientEvaluation.objects.due(timezone.now()).exclude(patient_id__in=left | set(found))
        found += due.values_list("patient_id", flat=True)[: PATIENTS_AT_ONCE - len(found)]
    return found


@transaction.atomic
def _evaluate(patient_ids: Sequence[int], done: Evaluated) -> set[int]:
    now = timezone.now()
    looks = claim(patient_ids, now)
    if not looks:
        return set()
    plans = effective_rules(list(looks))
    outcomes = []
    for patient_id, look in looks.items():
        end_what_has_no_rule(look, plans[patient_id], now)
        outcomes.append(judge(look, plans[patient_id], now))
    done.told += write(outcomes, now)
    done.patients += len(outcomes)
    done.transitions += sum(len(outcome.transitions) for outcome in outcomes)
    return set(looks)
