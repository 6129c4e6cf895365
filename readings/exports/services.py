from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.actions import Action, Outcome
from audit.services import record_denial, record_look
from patients.models import Patient
from readings.exports.pages import Export
from tenancy.scope import organization_scope, required_organization_id

# The kind of look that the ledger knows.
EXPORTED = "readings.export"


@transaction.atomic
def begin_export(
    *, patient: Patient, since: datetime | None, until: datetime | None, with_copies: bool = False
) -> Export:
    """Recorded before the first row is read: a file that breaks off has shown something, too."""
    record_look(kind=EXPORTED, object_id=patient.code, patient_id=patient.pk, action=Action.EXPORT, always=True)
    return Export(
        organization_id=required_organization_id(),
        patient_id=patient.pk,
        patient_code=patient.code,
        timezone=patient.timezone,
        since=since,
        until=until,
        with_copies=with_copies,
    )


def note_ended_export(*, export: Export) -> None:
    """The file stays without its end; nobody is told but the ledger, since the answer has begun."""
    with organization_scope(export.organization_id):
        record_denial(
            action=Action.EXPORT,
            object_type=EXPORTED,
            object_id=export.patient_code,
            patient_id=export.patient_id,
            reason="the right ended while the file was being sent",
            outcome=Outcome.DENIED,
        )
