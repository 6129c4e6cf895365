"""The one door for scores, activities and goals that people note."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.changes import apply_changes, record_creation
from audit.services import record
from patients.models import Patient
from readings.rows import cut_to_milliseconds
from vitals.catalogue import BY_NAME, MetricType
from vitals.scores.models import Activity, Direction, Goal, HealthScore
from vitals.services import CLOCK_TOLERANCE
from vitals.units import UnitRefused, ValueRefused, canonical, known_unit

Noted = HealthScore | Activity | Goal
Row = TypeVar("Row", HealthScore, Activity, Goal)

MOST_CATEGORIES = 20
OUT_OF_BOUNDS = "A score is a number from 0 to 100."
UNKNOWN_METRIC = "These are no kinds of measurements: {names}."
ENDS_BEFORE = "It cannot end before it begins."
AHEAD = "It cannot begin in the future."
TOO_LARGE = "The average heart rate is above the highest one."
TARGET_BEFORE = "The target day lies before the start."
NO_PAIRS = "Goals are kept of single numbers, and blood pressure has two: set its bounds as vital thresholds."
NOTHING_TO_REACH = "A goal of at least something needs a target above 0."


@transaction.atomic
def create_health_score(*, patient: Patient, values: Mapping[str, Any]) -> HealthScore:
    """Raises ValidationError by the name of the field."""
    _refuse_score(values)
    return _created(HealthScore(patient=patient, **values))


@transaction.atomic
def change_health_score(*, score: HealthScore, values: Mapping[str, Any]) -> HealthScore:
    _refuse_score(values)
    return _changed(score, values)


@transaction.atomic
def create_activity(*, patient: Patient, values: Mapping[str, Any]) -> Activity:
    """Raises ValidationError by the name of the field."""
    row = Activity(patient=patient, **values)
    _refuse_activity(row)
    return _created(row)


@transaction.atomic
def change_activity(*, activity: Activity, values: Mapping[str, Any]) -> Activity:
    row = Activity.objects.select_for_update().get(pk=activity.pk)
    for name, value in values.items():
        setattr(row, name, value)
    _refuse_activity(row)
    return _changed(activity, values)


@transaction.atomic
def create_goal(*, patient: Patient, values: Mapping[str, Any]) -> Goal:
    """``values``: as a goal has them, the target in ``unit``. Raises ValidationError by the name of the field."""
    row = Goal(patient=patient, **values)
    row.target_value = _target(row.type, row.target_value, row.unit, row.direction)
    _refuse_days(row.start_date, row.target_date)
    return _created(row)


@transaction.atomic
def change_goal(*, goal: Goal, values: Mapping[str, Any]) -> Goal:
    """A target comes with its unit. The kind of a goal stays."""
    row = Goal.objects.select_for_update().get(pk=goal.pk)
    changes = dict(values)
    direction = changes.get("direction", row.direction)
    if "target_value" in changes:
        changes["unit"] = changes.get("unit", row.unit)
        changes["target_value"] = _target(row.type, changes["target_value"], changes["unit"], direction)
    elif direction == Direction.AT_LEAST and row.target_value <= 0:
        raise ValidationError({"target_value": NOTHING_TO_REACH})
    _refuse_days(changes.get("start_date", row.start_date), changes.get("target_date", row.target_date))
    return _changed(goal, changes)


@transaction.atomic
def delete_noted(*, row: Noted) -> None:
    kind, public_id, patient_id = row._meta.label_lower, str(row.public_id), row.patient_id
    type(row).objects.filter(pk=row.pk).delete()
    record(
        action=Action.DELETE,
        object_type=kind,
        object_id=public_id,
        patient_id=patient_id,
        changes={"name": (str(row), None)},
    )


def _created(row: Row) -> Row:
    row.full_clean(exclude=["patient"], validate_unique=False)
    row.save(force_insert=True)
    record_creation(row, object_id=str(row.public_id), patient_id=row.patient_id, skip=["patient"])
    return row


def _changed(row: Row, values: Mapping[str, Any]) -> Row:
    locked: Row = type(row).objects.select_for_update().get(pk=row.pk)
    apply_changes(locked, values, object_id=str(row.public_id), patient_id=row.patient_id, exclude=["patient"])
    return locked


def _refuse_score(values: Mapping[str, Any]) -> None:
    errors = {}
    overall = values.get("overall_score", 0)
    if not 0 <= overall <= 100:
        errors["overall_score"] = OUT_OF_BOUNDS
    categories = values.get("category_scores", {})
    if len(categories) > MOST_CATEGORIES or not all(0 <= points <= 100 for points in categories.values()):
        errors["category_scores"] = f"Send {MOST_CATEGORIES} categories at most, each a number from 0 to 100."
    if unknown := [name for name in values.get("metrics_considered", []) if name not in BY_NAME]:
        errors["metrics_considered"] = UNKNOWN_METRIC.format(names=", ".join(unknown[:5]))
    if errors:
        raise ValidationError(errors)


def _refuse_activity(row: Activity) -> None:
    row.started_at = cut_to_milliseconds(row.started_at)
    errors = {}
    if row.ended_at is not None and row.ended_at < row.started_at:
        errors["end_time"] = ENDS_BEFORE
    if row.started_at > timezone.now() + CLOCK_TOLERANCE:
        errors["start_time"] = AHEAD
    if row.heart_rate_avg is not None and row.heart_rate_max is not None and row.heart_rate_avg > row.heart_rate_max:
        errors["heart_rate_avg"] = TOO_LARGE
    if errors:
        raise ValidationError(errors)


def _target(kind: MetricType, value: float, unit: str, direction: str) -> float:
    if kind.is_pair:
        raise ValidationError({"metric_type": NO_PAIRS})
    if not math.isfinite(value) or (direction == Direction.AT_LEAST and value <= 0):
        raise ValidationError({"target_value": NOTHING_TO_REACH})
    try:
        return canonical(kind, value, known_unit(kind, unit))
    except UnitRefused as refused:
        raise ValidationError({"unit": str(refused)}) from None
    except ValueRefused as refused:
        raise ValidationError({"target_value": str(refused)}) from None


def _refuse_days(start: date, target: date | None) -> None:
    if target is not None and target < start:
        raise ValidationError({"target_date": TARGET_BEFORE})
