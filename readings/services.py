"""The one door for readings that come through Django."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from devices.models import Assignment, Device
from readings.amendments import Amended, Correction, amend
from readings.live import amended_notices, created_notices
from readings.models import GlucoseReading
from readings.rows import ReadingRow, RowResult
from readings.store import store_rows
from tenancy.live import publish_after_commit


def store_readings(*, rows: Sequence[ReadingRow], note_contact: bool = True) -> list[RowResult]:
    """Store readings of the organization in scope; see ``readings.store.store_rows``."""
    results = store_rows(rows, note_contact=note_contact)
    publish_after_commit(created_notices(rows, results))
    return results


def amend_readings(*, corrections: Sequence[Correction]) -> list[Amended]:
    """Correct stored readings of the organization in scope; see ``readings.amendments.amend_steps``."""
    results = amend(corrections)
    publish_after_commit(amended_notices(corrections, results))
    return results


def has_measured_since(device: Device, instant: datetime) -> bool:
    """Whether a stored reading of the device lies at or after ``instant``; asked before an assignment changes."""
    patients = Assignment.objects.filter(device=device).values("patient_id")
    measured: bool = GlucoseReading.objects.filter(
        patient_id__in=patients, measured_at__gte=instant, device_id=device.pk
    ).exists()
    return measured
