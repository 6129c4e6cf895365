"""What stands on a patient's timeline beside the episodes: what never alarmed, and what may be no true low.

Copies and dips follow from the stored readings, so late data, corrections and imports show at once and nothing grows.
Of late readings the arrival is the event: the evaluator keeps a row.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Max, Min, TextChoices
from django.db.models.functions import TruncHour

from alerts.models import LateReadings
from analytics.compression import BACK_WITHIN, LEVEL_FOR, Dip, possible_dips
from patients.models import Patient
from readings.models import GlucoseReading

LONGEST = timedelta(days=14)


class MarkKind(TextChoices):
    LATE = "late_readings"
    COPIES = "copies"
    COMPRESSION = "possible_compression"


@dataclass(frozen=True, slots=True)
class Mark:
    """From the first measurement to the last. ``device``: its code, where it is about one device. ``count``: readings;
    ``arrived_at``: of late ones; ``lowest``: mg/dL, of a dip."""

    kind: MarkKind
    since: datetime
    until: datetime
    count: int | None = None
    device: str | None = None
    arrived_at: datetime | None = None
    lowest: int | None = None


def marks_of(*, patient: Patient, since: datetime, until: datetime) -> list[Mark]:
    """What touches the time from ``since`` on, before ``until``, by its begin; at most a fortnight (ValueError)."""
    if until - since > LONGEST:
        raise ValueError("ask for 14 days at most")
    marks = [*_late(patient, since, until), *_copies(patient, since, until), *_dips(patient, since, until)]
    return sorted(marks, key=lambda mark: (mark.since, mark.kind, mark.device or ""))


def _late(patient: Patient, since: datetime, until: datetime) -> list[Mark]:
    # What arrived before ``since`` was measured before it.
    rows = LateReadings.objects.filter(patient_id=patient.pk, arrived_at__gte=since)
    return [
        Mark(MarkKind.LATE, row.first_at, row.last_at, row.count, arrived_at=row.arrived_at)
        for row in rows.filter(last_at__gte=since, first_at__lt=until)
    ]


def _copies(patient: Patient, since: datetime, until: datetime) -> list[Mark]:
    """One for each device and hour: a second receiver copies 288 readings a day."""
    copies = GlucoseReading.objects.for_patient(patient).between(since, until).filter(is_copy=True)
    hours = copies.values("device__code", hour=TruncHour("measured_at", tzinfo=UTC)).annotate(
        count=Count("measured_at"), first=Min("measured_at"), last=Max("measured_at")
    )
    return [
        Mark(MarkKind.COPIES, one["first"], one["last"], one["count"], device=one["device__code"])
        for one in hours.order_by("hour", "device__code")
    ]


def _dips(patient: Patient, since: datetime, until: datetime) -> list[Mark]:
    around = GlucoseReading.objects.for_patient(patient).between(since - BACK_WITHIN - LEVEL_FOR, until + BACK_WITHIN)
    traces: dict[str, list[GlucoseReading]] = defaultdict(list)
    for reading in (
        around.canonical().oldest_first().select_related("device").only("measured_at", "glucose", "device__code")
    ):
        traces[reading.device.code].append(reading)
    return [
        Mark(MarkKind.COMPRESSION, dip.started_at, dip.ended_at, device=device, lowest=round(dip.lowest))
        for device, trace in traces.items()
        for dip in possible_dips(trace, patient.zone)
        if _touches(dip, since, until)
    ]


def _touches(dip: Dip, since: datetime, until: datetime) -> bool:
    return dip.ended_at >= since and dip.started_at < until
