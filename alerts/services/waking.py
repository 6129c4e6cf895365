"""What people change must be looked at without a new reading."""

from __future__ import annotations

from django.db import connection

from alerts.evaluation.statements import LOOK_AGAIN
from patients.models import Patient
from tenancy.scope import required_organization_id


def look_again(patient: Patient | None = None) -> None:
    """The evaluator looks at this patient's rules again, or at those of all patients whom the caller may see."""
    parameters = {
        "organization_id": required_organization_id(),
        "patient_id": None if patient is None else [patient.pk],
    }
    with connection.cursor() as cursor:
        cursor.execute(LOOK_AGAIN, parameters)
