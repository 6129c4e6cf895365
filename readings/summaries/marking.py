from __future__ import annotations

from django.db import connection, transaction

from patients.models import Patient
from readings.store import run_steps
from readings.store.steps import lock_states
from readings.summaries import statements
from tenancy.scope import required_organization_id


@transaction.atomic
def mark_every_day(*, patient_id: int) -> int:
    """Have every day of the patient summarised anew; returns how many were marked.

    Summaries of days that readings no longer reach go at once.
    """
    organization_id = required_organization_id()
    # Also where the patient has no state yet: a store that is just making one has marked days of the zone before.
    run_steps(lock_states([(organization_id, patient_id)]))
    patient = {"organization_id": organization_id, "patient_id": patient_id}
    with connection.cursor() as cursor:
        cursor.execute(statements.MARK_EVERY_DAY, patient)
        marked: int = cursor.rowcount
        cursor.execute(statements.FORGET_DAYS_BEYOND_THE_MARKS, patient)
    return marked


def follow_timezone(patient: Patient) -> None:
    """Days begin elsewhere in another time zone; called in the transaction that changes it."""
    mark_every_day(patient_id=patient.pk)
