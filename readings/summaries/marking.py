from __future__ import annotations

from django.db import connection, transaction

from patients.models import Patient
from readings.models import PatientState
from readings.store import run_steps
from readings.store.steps import lock_states
from readings.summaries import statements
from tenancy.scope import required_organization_id


@transaction.atomic
def mark_every_day(*, patient_id: int) -> int:
    """Have every day of the patient summarised anew; returns how many were not marked before.

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


def mark_days_of_all_patients() -> int:
    """Of the organization in scope, each patient in a transaction of its own; returns how many days were marked."""
    with transaction.atomic():
        patients = list(PatientState.objects.order_by("patient_id").values_list("patient_id", flat=True))
    return sum(mark_every_day(patient_id=patient_id) for patient_id in patients)


def follow_timezone(patient: Patient) -> None:
    """Days begin elsewhere in another time zone; called in the transaction that changes it."""
    mark_every_day(patient_id=patient.pk)
