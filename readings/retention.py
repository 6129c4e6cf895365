"""How long readings are kept: removed by a function of the owner alone, after the time that the clinic has set."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import PlanRetention
from audit.actions import Action
from audit.services import record
from readings.models import GlucoseReading, PatientState
from tenancy.models import Organization
from tenancy.scope import required_organization_id

# Their stores wait while the function works on them.
PATIENTS_AT_ONCE = 20


def remove_expired_readings() -> int:
    """Of the organization in scope, with their summaries and amendments; returns how many readings went.

    In transactions of at most 5,000 readings, each with its entry in the ledger, so call it outside of one. Current
    values stay.
    """
    total = 0
    patients = _patients_with_expired_readings()
    for start in range(0, len(patients), PATIENTS_AT_ONCE):
        while removed := _remove(patients[start : start + PATIENTS_AT_ONCE]):
            total += removed
    return total


def days_kept(now: datetime) -> int | None:
    """The shorter of the clinic's own time and of its plan's, which acts two weeks after the clinic was told."""
    own = Organization.objects.values_list("reading_retention_days", flat=True).get(pk=required_organization_id())
    of_plan = PlanRetention.objects.filter(acts_at__lte=now).values_list("days", flat=True).first()
    return min((days for days in (own, of_plan) if days is not None), default=None)


@transaction.atomic
def _patients_with_expired_readings() -> list[int]:
    days = days_kept(timezone.now())
    if days is None:
        return []
    expired = GlucoseReading.objects.filter(
        patient_id=OuterRef("patient_id"), measured_at__lt=timezone.now() - timedelta(days=days)
    )
    found = PatientState.objects.filter(Exists(expired)).order_by("patient_id")
    return list(found.values_list("patient_id", flat=True))


@transaction.atomic
def _remove(patients: list[int]) -> int:
    """The function reads the clinic's time itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT readings_expire(%s::bigint[])", [patients])
        removed = int(cursor.fetchone()[0])
    if removed:
        record(action=Action.EXPIRE, object_type="readings.glucosereading", object_id="", count=removed)
    return removed
