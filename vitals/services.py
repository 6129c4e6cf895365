"""The one door for measurements that people enter, correct and delete. What devices measured stays as it came."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.changes import record_creation, record_update, values_before
from audit.services import record
from patients.models import Patient
from readings.rows import cut_to_milliseconds
from tenancy.live import publish_after_commit
from tenancy.managers import audited_elsewhere
from tenancy.refusals import Refusal
from vitals.catalogue import MetricType
from vitals.live import entered_notices
from vitals.marking import mark_for_rules
from vitals.models import Measurement
from vitals.units import UnitRefused, ValueRefused, canonical, known_unit

BY_HAND = "user"
OBSERVATION = "observation"
DEVICE = "device"
# Set here, or checked here already.
NOT_ENTERED = ["patient", "device", "second_value", "quality", "updated_at"]
CLOCK_TOLERANCE = timedelta(minutes=5)
BOTH_NEEDED = "For {name} you must provide both 'systolic' and 'diastolic'."
NO_PAIR = "{name} has one value: send value."
UPSIDE_DOWN = "The diastolic value is below the systolic one."
IN_THE_FUTURE = "The time cannot be in the future."
OF_A_DEVICE = "A device measured this: it stays as it came. Enter another measurement beside it."
OF_AN_OBSERVATION = "This belongs to an observation: its time cannot be changed. Delete it and observe again."
RESERVED_SOURCE = "Only devices and observations are called so. Name a person or an app."


class NotByHand(Refusal):
    status_code = 409


@dataclass(frozen=True, slots=True)
class Entered:
    """As it was entered, in ``unit``."""

    kind: MetricType
    value: float | None
    second: float | None
    unit: str


@transaction.atomic
def create_measurement(
    *, patient: Patient, entered: Entered, measured_at: datetime | None = None, source: str = BY_HAND, notes: str = ""
) -> Measurement:
    """Raises ValidationError by the name of the field."""
    now = timezone.now()
    row = Measurement(patient=patient, metric=entered.kind.metric, public_id=uuid.uuid4(), received_at=now)
    _fill(row, entered)
    row.measured_at = _believable(measured_at or now, now)
    row.source, row.notes = _named(source), notes
    row.full_clean(exclude=NOT_ENTERED, validate_unique=False)
    keep(row)
    mark_for_rules(patient_id=patient.pk, measured_at=row.measured_at)
    return row


def keep(row: Measurement) -> None:
    """A new one, told to the ledger and to streams. Marking its patient for the rules comes last in the transaction."""
    row.save(force_insert=True)
    record_creation(
        row, object_id=str(row.public_id), patient_id=row.patient_id, skip=["patient", "source_number", "received_at"]
    )
    publish_after_commit(entered_notices(row))


@transaction.atomic
def change_measurement(
    *,
    measurement: Measurement,
    entered: Entered,
    measured_at: datetime | None = None,
    source: str | None = None,
    notes: str | None = None,
) -> Measurement:
    """None: stays as it is. Raises NotByHand and ValidationError."""
    row = _locked(measurement)
    now = timezone.now()
    place, kept_at = row.pk, row.measured_at
    names = ["value", "second_value", "unit", "measured_at", "source", "notes"]
    before = values_before(row, names)
    _fill(row, entered)
    if measured_at is not None:
        row.measured_at = _believable(measured_at, now)
    if row.measured_at != kept_at and row.source == OBSERVATION:
        raise NotByHand(OF_AN_OBSERVATION)
    if source is not None and source != row.source:
        row.source = _named(source)
    row.notes = row.notes if notes is None else notes
    row.updated_at = now
    row.full_clean(exclude=NOT_ENTERED, validate_unique=False)
    # The time belongs to the key: Django's save would add a second row.
    with audited_elsewhere("the entry below tells of the change"):
        Measurement.objects.filter(pk=place).update(updated_at=now, **{name: getattr(row, name) for name in names})
    record_update(row, before, object_id=str(row.shown_id), patient_id=row.patient_id)
    mark_for_rules(patient_id=row.patient_id, measured_at=row.measured_at)
    return row


@transaction.atomic
def delete_measurement(*, measurement: Measurement) -> None:
    """Raises NotByHand."""
    row = _locked(measurement)
    shown_id, patient_id, measured_at = str(row.shown_id), row.patient_id, row.measured_at
    changes = {name: (getattr(row, name), None) for name in ("metric", "value", "second_value", "measured_at")}
    Measurement.objects.filter(pk=row.pk).delete()
    record(
        action=Action.DELETE,
        object_type=Measurement._meta.label_lower,
        object_id=shown_id,
        patient_id=patient_id,
        changes={name: pair for name, pair in changes.items() if pair[0] is not None},
    )
    mark_for_rules(patient_id=patient_id, measured_at=measured_at)


def _locked(measurement: Measurement) -> Measurement:
    row: Measurement = Measurement.objects.select_for_update().get(pk=measurement.pk)
    if row.device_id is not None:
        raise NotByHand(OF_A_DEVICE)
    return row


def _fill(row: Measurement, entered: Entered) -> None:
    kind = entered.kind
    try:
        unit = known_unit(kind, entered.unit)
    except UnitRefused as refused:
        raise ValidationError({"unit": str(refused)}) from None
    if entered.value is None or (entered.second is None) == kind.is_pair:
        raise ValidationError((BOTH_NEEDED if kind.is_pair else NO_PAIR).format(name=kind.name))
    row.value = _within(kind, entered.value, unit, "systolic" if kind.is_pair else "value")
    row.second_value = None
    if entered.second is not None:
        row.second_value = _within(kind, entered.second, unit, "diastolic", is_second=True)
        if row.second_value >= row.value:
            raise ValidationError({"diastolic": UPSIDE_DOWN})
    row.unit = unit


def _within(kind: MetricType, value: float, unit: str, field: str, *, is_second: bool = False) -> float:
    try:
        return canonical(kind, value, unit, is_second=is_second)
    except ValueRefused as refused:
        raise ValidationError({field: str(refused)}) from None


def _believable(instant: datetime, now: datetime) -> datetime:
    if instant > now + CLOCK_TOLERANCE:
        raise ValidationError({"measured_at": IN_THE_FUTURE})
    return cut_to_milliseconds(instant)


def _named(source: str) -> str:
    if source.strip().lower() in (DEVICE, OBSERVATION):
        raise ValidationError({"source": RESERVED_SOURCE})
    return source.strip() or BY_HAND
