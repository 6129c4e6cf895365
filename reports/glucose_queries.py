"""Questions about readings that the pages' pictures ask, each one statement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Aggregate, Case, Count, DateTimeField, F, Func, IntegerField, Q, Value, When
from django.db.models.fields.json import JSONField

from devices.models import Assignment, Device
from patients.models import Patient
from readings.models import GlucoseReading, PatientState, RangeFlag
from reports.charts.bands import ABOVE_SCALE, BELOW_SCALE, Bucket
from reports.charts.ranges import VERY_HIGH_ABOVE, VERY_LOW_BELOW, Range, Target
from reports.charts.trace import Point


def target_of(patient: Patient) -> Target:
    return Target(patient.target_low, patient.target_high)


def points_of(patient: Patient, since: datetime, until: datetime) -> list[Point]:
    readings = GlucoseReading.objects.for_patient(patient).between(since, until).canonical().oldest_first()
    return [Point(*row) for row in readings.values_list("measured_at", "glucose", "range_flag")]


def points_of_many(patient_ids: Iterable[int], since: datetime, until: datetime) -> dict[int, list[Point]]:
    """One row for each patient, whose readings travel as arrays: a page of patients has thousands."""
    oldest_first = ["measured_at", "device_id"]
    rows = (
        GlucoseReading.objects.filter(patient_id__in=list(patient_ids))
        .between(since, until)
        .canonical()
        .order_by()
        .values("patient_id")
        .annotate(
            times=ArrayAgg("measured_at", order_by=oldest_first),
            values=ArrayAgg("glucose", order_by=oldest_first),
            flags=ArrayAgg("range_flag", order_by=oldest_first),
        )
        .values_list("patient_id", "times", "values", "flags")
    )
    return {patient_id: list(map(Point, *columns)) for patient_id, *columns in rows}


class _Stretch(Func):
    """The begin of the stretch of the patient's clock that an instant lies in; no time zone in the answer."""

    function = "date_bin"
    output_field = DateTimeField()

    def __init__(self, step: timedelta, zone: ZoneInfo, first: datetime) -> None:
        local = Func(Value(zone.key), F("measured_at"), function="timezone", output_field=DateTimeField())
        super().__init__(Value(step), local, Func(Value(f"{first:%Y-%m-%d}"), template="%(expressions)s::timestamp"))


class _Quantiles(Aggregate):
    """Readings at these shares: percentile_disc never answers a value between two readings."""

    template = "to_jsonb(percentile_disc(ARRAY[0, 0.25, 0.5, 0.75, 1]) WITHIN GROUP (ORDER BY %(expressions)s))"
    output_field = JSONField()


ON_SCALE = Case(
    When(range_flag=RangeFlag.LOW, then=Value(BELOW_SCALE)),
    When(range_flag=RangeFlag.HIGH, then=Value(ABOVE_SCALE)),
    default=F("glucose"),
    output_field=IntegerField(),
)


def buckets_of(patient: Patient, first: datetime, until: datetime, step: timedelta) -> list[Bucket]:
    """``first``: midnight of the patient's clock, without a zone; days are the patient's days."""
    since = first.replace(tzinfo=patient.zone)
    rows = (
        GlucoseReading.objects.for_patient(patient)
        .between(since, until)
        .canonical()
        .order_by()
        .annotate(begins=_Stretch(step, patient.zone, first))
        .values("begins")
        .annotate(count=Count("measured_at"), quantiles=_Quantiles(ON_SCALE))
        .order_by("begins")
        .values_list("begins", "count", "quantiles")
    )
    return [Bucket(begins, count, *quantiles) for begins, count, quantiles in rows]


def range_condition(name: Range, target: Target) -> Q:
    """The rule of ``Target.classify`` for the database."""
    measured = Q(range_flag=RangeFlag.IN_RANGE)
    return {
        Range.VERY_LOW: Q(range_flag=RangeFlag.LOW) | (measured & Q(glucose__lt=VERY_LOW_BELOW)),
        Range.LOW: measured & Q(glucose__gte=VERY_LOW_BELOW, glucose__lt=target.low),
        Range.IN_RANGE: measured & Q(glucose__gte=target.low, glucose__lte=target.high),
        Range.HIGH: measured & Q(glucose__gt=target.high, glucose__lte=VERY_HIGH_ABOVE),
        Range.VERY_HIGH: Q(range_flag=RangeFlag.HIGH) | (measured & Q(glucose__gt=VERY_HIGH_ABOVE)),
    }[name]


def counts_of(patient: Patient, since: datetime, until: datetime) -> dict[Range, int]:
    target = target_of(patient)
    counted: dict[str, Any] = (
        GlucoseReading.objects.for_patient(patient)
        .between(since, until)
        .canonical()
        .aggregate(**{part.name: Count("measured_at", filter=range_condition(part, target)) for part in Range})
    )
    return {part: counted[part.name] for part in Range}


def states_of(patient_ids: Iterable[int]) -> dict[int, PatientState]:
    return {state.patient_id: state for state in PatientState.objects.filter(patient_id__in=list(patient_ids))}


def devices_of(patient_ids: Iterable[int]) -> dict[int, list[Device]]:
    """The devices that measure each patient now."""
    devices: dict[int, list[Device]] = {}
    assignments = Assignment.objects.open().filter(patient_id__in=list(patient_ids)).select_related("device")
    for assignment in assignments.order_by("device__code"):
        devices.setdefault(assignment.patient_id, []).append(assignment.device)
    return devices
