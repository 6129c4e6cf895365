"""Measurements found one by one: by their public ids, and together by the instants that they were taken at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from devices.models import Assignment, Device
from patients.models import Patient
from vitals.catalogue import TYPES, Metric
from vitals.models import Measurement, MeasurementQuerySet, read_device_measurement_id


def measurement_called(public_id: uuid.UUID) -> Measurement | None:
    """In the clinic in scope, of a patient whom the caller may see."""
    return _of_device(public_id) or Measurement.objects.filter(public_id=public_id).first()


def _of_device(public_id: uuid.UUID) -> Measurement | None:
    place = read_device_measurement_id(public_id)
    if place is None:
        return None
    metric, measured_at, number = place
    device = Device.objects.filter(public_number=number).first()
    if device is None:
        return None
    # Whom the device ever measured: by the key of the table, not through all of the clinic's measurements.
    patients = list(Assignment.objects.filter(device=device).values_list("patient_id", flat=True))
    found: Measurement | None = Measurement.objects.filter(
        patient_id__in=patients, metric=metric, measured_at=measured_at, source_number=number, device_id=device.pk
    ).first()
    return found


def newest_instants(
    patient: Patient, metrics: Sequence[Metric], since: datetime | None, until: datetime | None, limit: int
) -> list[tuple[datetime, list[Measurement]]]:
    """The newest ``limit`` instants at which any of these was measured, each with all that was."""
    found: MeasurementQuerySet = Measurement.objects.for_patient(patient).of_metrics(metrics).between(since, until)
    instants = list(found.order_by("-measured_at").values_list("measured_at", flat=True).distinct()[:limit])
    if not instants:
        return []
    rows = found.filter(measured_at__gte=instants[-1], measured_at__lte=instants[0]).newest_first()
    return [(at, list(rows_of)) for at, rows_of in groupby(rows, key=lambda row: row.measured_at)]


def has_measured_since(device: Device, instant: datetime) -> bool:
    """Whether a stored measurement of the device lies at or after ``instant``; asked before an assignment changes."""
    patients = list(Assignment.objects.filter(device=device).values_list("patient_id", flat=True))
    measured: bool = Measurement.objects.filter(
        patient_id__in=patients, metric__in=list(TYPES), measured_at__gte=instant, device_id=device.pk
    ).exists()
    return measured
