"""The patients of the clinic at a glance: value, trend, age of the reading, the last day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from audit.services import record_look
from devices.models import Device
from patients.models import Patient
from readings.models import PatientState, RangeFlag
from reports.alarm_channels.warning import channel_warnings
from reports.charts.sparkline import sparkline
from reports.charts.trace import Window, gap_limit
from reports.clinic import current_clinic
from reports.glucose_queries import ON_SCALE, devices_of, points_of_many, states_of, target_of
from reports.wording import STALE_AFTER, LastValue, last_value

SIZES = (25, 50, 100)
SHOWS = {
    "": "All patients",
    "low": "Below target",
    "in-range": "In target",
    "high": "Above target",
    "stale": "No recent reading",
}
SORTS = {
    "name": "Name",
    "value": "Value, lowest first",
    "-value": "Value, highest first",
    "-age": "Oldest reading first",
    "age": "Newest reading first",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address asks for; anything unknown falls back to the default."""

    search: str
    show: str
    sort: str
    size: int
    page: str

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Choices:
        show, sort, size = sent.get("show", ""), sent.get("sort", ""), sent.get("size", "")
        return cls(
            # PostgreSQL takes no NUL in a text.
            search=sent.get("q", "").replace("\x00", "").strip()[:100],
            show=show if show in SHOWS else "",
            sort=sort if sort in SORTS else "name",
            size=int(size) if size in map(str, SIZES) else SIZES[0],
            page=sent.get("page", "1"),
        )


@dataclass(frozen=True, slots=True)
class Row:
    patient: Patient
    age: int | None
    last: LastValue | None
    picture: SafeString
    devices: list[Device]


def patient_list(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    choices = Choices.of(request.GET)
    now = timezone.now()
    page = Paginator(chosen_patients(choices, now), choices.size).get_page(choices.page)
    record_look(kind="patients.patient", patient_ids=[patient.pk for patient in page])
    context |= {
        "title": "Patients",
        "warnings": channel_warnings(request),
        "choices": choices,
        "shows": SHOWS,
        "sorts": SORTS,
        "sizes": SIZES,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "rows": list(rows_of(page, current_clinic(request).glucose_unit, now)),
        "is_filtered": bool(choices.search or choices.show),
    }
    return TemplateResponse(request, "workplace/patients.html", context)


def chosen_patients(choices: Choices, now: datetime) -> QuerySet[Patient]:
    patients: QuerySet[Patient] = Patient.objects.current()
    if choices.search:
        patients = Patient.objects.current().found_by(choices.search)
    if choices.show:
        patients = _shown(patients, choices.show, now)
    return _sorted(patients, choices.sort)


def rows_of(page: Page[Patient], unit: str, now: datetime) -> Iterator[Row]:
    """Three statements for the whole page, however many patients it has."""
    ids = [patient.pk for patient in page]
    since = now - timedelta(hours=24)
    states, devices, points = states_of(ids), devices_of(ids), points_of_many(ids, since, now)
    for patient in page:
        state, target = states.get(patient.pk), target_of(patient)
        worn = devices.get(patient.pk, [])
        gap = gap_limit(max((device.reading_interval for device in worn), default=0))
        yield Row(
            patient=patient,
            age=patient.age_in_years(now),
            last=last_value(state, unit=unit, target=target, now=now) if state else None,
            picture=sparkline(points.get(patient.pk, []), Window(since, now, patient.zone), target=target, gap=gap),
            devices=worn,
        )


def _shown(patients: QuerySet[Patient], show: str, now: datetime) -> QuerySet[Patient]:
    newest = PatientState.objects.filter(patient_id=OuterRef("pk"))
    below = Q(range_flag=RangeFlag.LOW) | Q(range_flag=RangeFlag.IN_RANGE, glucose__lt=OuterRef("target_low"))
    above = Q(range_flag=RangeFlag.HIGH) | Q(range_flag=RangeFlag.IN_RANGE, glucose__gt=OuterRef("target_high"))
    fresh = Q(measured_at__gte=now - STALE_AFTER)
    condition = {"low": below, "high": above, "in-range": ~below & ~above, "stale": fresh}[show]
    # A look-up by key for each patient. EXISTS would become a join, and a planner that guesses wrong then compares
    # every patient with every state: minutes for ten thousand.
    patients = patients.annotate(matching=Subquery(newest.filter(condition).values("measured_at")[:1]))
    return patients.filter(matching__isnull=show == "stale")


def _sorted(patients: QuerySet[Patient], sort: str) -> QuerySet[Patient]:
    if sort == "name":
        return patients.order_by("last_name", "first_name", "id")
    newest = PatientState.objects.filter(patient_id=OuterRef("pk"))
    newest = newest.annotate(sort_by=ON_SCALE if sort.endswith("value") else F("measured_at"))
    patients = patients.annotate(sort_by=Subquery(newest.values("sort_by")[:1]))
    ascending = sort in ("value", "-age")
    order = F("sort_by").asc(nulls_last=True) if ascending else F("sort_by").desc(nulls_last=True)
    return patients.order_by(order, "last_name", "first_name", "id")
