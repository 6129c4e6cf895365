"""Rows of Dexcom that the isolation tests look for: of each patient one of each kind."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dexcom_sync.models import (
    Alert,
    Calibration,
    Connection,
    ConnectRequest,
    DeviceSettings,
    Egv,
    Event,
    FormerRecord,
    OffsetSource,
    Progress,
    QuarantinedRecord,
    RawPage,
    Resource,
    Source,
    Token,
)
from patients.models import Patient

if TYPE_CHECKING:
    from tests.clinics import Clinic

RECORDS: dict[Any, dict[str, Any]] = {
    Egv: {"value": 120, "unit": "mg/dL", "trend": "flat"},
    Event: {"event_status": "created", "event_type": "notes"},
    Calibration: {"value": 118, "unit": "mg/dL"},
    Alert: {"alert_name": "low", "alert_state": "activeAlarming"},
}


def add_dexcom_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. ``canaries``: the clinic's, and that of its second patient's rows."""
    for patient, canary in zip(clinic.patients[:2], canaries, strict=True):
        _add_rows_of(patient, clinic, canary)


def _add_rows_of(patient: Patient, clinic: Clinic, canary: str) -> None:
    now = datetime.now(UTC)
    connection = Connection.objects.create(
        patient=patient,
        region="sandbox",
        status=Connection.Status.ACTIVE,
        dexcom_user_id=canary,
        last_error=canary[:40],
        next_due_at=now + timedelta(hours=1),
    )
    theirs = {"connection": connection, "patient": patient}
    source = Source.objects.create(transmitter_id=canary, display_device="iOS", **theirs)
    _add_what_was_agreed(theirs, clinic, now)
    _add_pages(theirs, canary, now)
    DeviceSettings.objects.create(source=source, patient=patient, seen_at=now, digest=b"d" * 16, schedules="[]")
    for model, values in RECORDS.items():
        text = {"text": canary} if model is Event else {}
        model.objects.create(
            organization_id=clinic.organization.id,
            record_id=f"record-{patient.pk}",
            source=source,
            system_time=now - timedelta(hours=2),
            offset_source=OffsetSource.ASSUMED,
            payload_digest=b"d" * 16,
            first_seen_at=now,
            **theirs,
            **values,
            **text,
        )


def _add_what_was_agreed(theirs: dict[str, Any], clinic: Clinic, now: datetime) -> None:
    patient: Patient = theirs["patient"]
    digest = hashlib.sha256(f"{clinic.organization.id} {patient.pk}".encode()).digest()
    Token.objects.create(access="access", refresh="refresh", access_expires_at=now, refreshed_at=now, **theirs)
    ConnectRequest.objects.create(
        patient=patient,
        member=clinic.people["nurse"],
        region="sandbox",
        state_digest=digest,
        created_at=now,
        expires_at=now + timedelta(minutes=10),
    )
    Progress.objects.create(resource=Resource.EGVS, synced_through=now, **theirs)


def _add_pages(theirs: dict[str, Any], canary: str, now: datetime) -> None:
    page = {"resource": Resource.EGVS, **theirs}
    RawPage.objects.create(fetched_at=now, records=1, digest=b"d" * 32, body=canary, **page)
    QuarantinedRecord.objects.create(
        reason="time_unreadable", payload_digest=b"d" * 16, payload=canary, first_seen_at=now, **page
    )
    FormerRecord.objects.create(record_id="former", version=1, payload=canary, replaced_at=now, **page)
