"""The one door for observations and for the decision by which scale a patient's oxygen counts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from analytics.news2 import Consciousness, SpO2Scale
from audit.changes import record_creation
from patients.models import Patient
from readings.rows import cut_to_milliseconds
from vitals.catalogue import TYPES, Metric, MetricType
from vitals.marking import mark_for_rules
from vitals.models import Measurement, Observation, OxygenScale
from vitals.services import CLOCK_TOLERANCE, IN_THE_FUTURE, OBSERVATION, UPSIDE_DOWN, keep
from vitals.units import ValueRefused, canonical

NOTHING_OBSERVED = "Enter at least one value, the oxygen or the consciousness."
DIASTOLIC_ALONE = "Enter the systolic value beside it."


@dataclass(frozen=True, slots=True)
class Author:
    """``member`` None: the platform's support."""

    member: Membership | None
    name: str


@dataclass(frozen=True, slots=True)
class Observed:
    """``values`` in the canonical units; of blood pressure the systolic value, with ``diastolic`` beside it."""

    values: Mapping[Metric, float]
    diastolic: float | None = None
    on_oxygen: bool | None = None
    consciousness: Consciousness | None = None
    note: str = ""


@transaction.atomic
def record_observation(
    *, patient: Patient, author: Author, observed: Observed, observed_at: datetime | None = None
) -> Observation:
    """Raises ValidationError by the name of the metric, for values that nobody has and for nothing at all."""
    now = timezone.now()
    at = observed_at or now
    _refuse(observed, is_ahead=at > now + CLOCK_TOLERANCE)
    row = Observation(
        patient=patient,
        observed_at=cut_to_milliseconds(at),
        on_oxygen=observed.on_oxygen,
        consciousness=observed.consciousness or "",
        scale=scale_at(patient, at).value,
        note=observed.note,
        member=author.member,
        made_by=author.name,
    )
    row.full_clean()
    row.save()
    for metric, value in observed.values.items():
        second = observed.diastolic if metric is Metric.BLOOD_PRESSURE else None
        keep(_measurement(row, metric, value, second, now))
    record_creation(row, object_id=str(row.public_id), patient_id=patient.pk, skip=["source_number"])
    if observed.values:
        mark_for_rules(patient_id=patient.pk, measured_at=row.observed_at)
    return row


@transaction.atomic
def decide_oxygen_scale(*, patient: Patient, author: Author, scale: SpO2Scale, reason: str) -> OxygenScale:
    """From now on; what was observed before keeps the scale of its time. Raises ValidationError without a reason."""
    row = OxygenScale(
        patient=patient,
        scale=scale.value,
        reason=reason.strip(),
        decided_at=timezone.now(),
        member=author.member,
        decided_by=author.name,
    )
    row.full_clean()
    row.save()
    record_creation(row, object_id=patient.code, patient_id=patient.pk)
    return row


def scale_at(patient: Patient, instant: datetime) -> SpO2Scale:
    decided = OxygenScale.objects.for_patient(patient).filter(decided_at__lte=instant).first()
    return SpO2Scale(decided.scale) if decided else SpO2Scale.STANDARD


def _measurement(row: Observation, metric: Metric, value: float, second: float | None, now: datetime) -> Measurement:
    return Measurement(
        patient=row.patient,
        metric=metric,
        measured_at=row.observed_at,
        source_number=row.source_number,
        public_id=uuid.uuid4(),
        value=value,
        second_value=second,
        unit=TYPES[metric].unit,
        source=OBSERVATION,
        received_at=now,
    )


def _refuse(observed: Observed, *, is_ahead: bool) -> None:
    errors: dict[str, str] = {}
    for metric, value in observed.values.items():
        if refusal := _beyond(TYPES[metric], value):
            errors["systolic" if metric is Metric.BLOOD_PRESSURE else metric.label] = refusal
    if observed.diastolic is not None:
        errors |= _refuse_diastolic(observed.values.get(Metric.BLOOD_PRESSURE), observed.diastolic)
    if is_ahead:
        errors["observed_at"] = IN_THE_FUTURE
    if errors:
        raise ValidationError(errors)
    if not observed.values and observed.on_oxygen is None and observed.consciousness is None:
        raise ValidationError(NOTHING_OBSERVED)


def _refuse_diastolic(systolic: float | None, diastolic: float) -> dict[str, str]:
    if systolic is None:
        return {"diastolic": DIASTOLIC_ALONE}
    refusal = _beyond(TYPES[Metric.BLOOD_PRESSURE], diastolic, is_second=True)
    if refusal is None and diastolic >= systolic:
        refusal = UPSIDE_DOWN
    return {"diastolic": refusal} if refusal else {}


def _beyond(kind: MetricType, value: float, *, is_second: bool = False) -> str | None:
    try:
        canonical(kind, value, kind.unit, is_second=is_second)
    except ValueRefused as refused:
        return str(refused)
    return None
