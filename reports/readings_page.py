"""The readings of a patient or a device, newest first, in pages that are found by key: the table is never counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from audit.services import record_look
from devices.models import Assignment, Device
from patients.models import Patient
from readings.models import GlucoseReading, PatientState, SignalQuality
from reports.charts.ranges import Range
from reports.clinic import current_clinic
from reports.glucose_queries import range_condition, target_of
from reports.wording import value_words

PERIODS = {
    "24h": ("Last 24 hours", 1),
    "7d": ("Last 7 days", 7),
    "14d": ("Last 14 days", 14),
    "90d": ("Last 90 days", 90),
}
SIZE = 100
_NOWHERE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of the last reading that was shown."""

    measured_at: datetime
    patient_id: int
    device_id: int

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        try:
            instant, patient_id, device_id = text.split("~")
            measured_at = parse_datetime(instant)
            cursor = cls(measured_at or _NOWHERE, int(patient_id), int(device_id))
        except ValueError:
            return None
        return cursor if cursor._exists() else None

    def _exists(self) -> bool:
        """Inside what the database's types can hold."""
        ids = (self.patient_id, self.device_id)
        return self.measured_at.tzinfo is not None and 1970 <= self.measured_at.year < 9999 and max(ids) < 2**63

    def __str__(self) -> str:
        return f"{self.measured_at.isoformat()}~{self.patient_id}~{self.device_id}"

    def condition(self) -> Q:
        same_time = Q(measured_at=self.measured_at)
        return (
            Q(measured_at__lt=self.measured_at)
            | same_time & Q(patient_id__lt=self.patient_id)
            | same_time & Q(patient_id=self.patient_id, device_id__lt=self.device_id)
        )


@dataclass(frozen=True, slots=True)
class Choices:
    patient: str
    device: str
    period: str
    range: Range | None
    after: Cursor | None

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Choices:
        period, part = sent.get("period", ""), sent.get("range", "")
        return cls(
            patient=sent.get("patient", "").replace("\x00", "").strip()[:50],
            device=sent.get("device", "").replace("\x00", "").strip()[:50],
            period=period if period in PERIODS else "24h",
            range=Range(part) if part in {name.value for name in Range} else None,
            after=Cursor.read(sent.get("after", "")),
        )


def readings_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("readings.view_glucosereading"):
        raise PermissionDenied
    choices = Choices.of(request.GET)
    problem, patients, device = _who(choices)
    rows: list[Any] = []
    if not problem:
        rows = _readings(choices, patients, device) if patients is not None else _newest_of_each(choices)
    shown, more = rows[:SIZE], rows[SIZE:]
    record_look(kind="readings.glucosereading", patient_ids=sorted({row.patient_id for row in shown}))
    context = {
        **admin.site.each_context(request),
        "title": "Readings",
        "choices": choices,
        "periods": {name: words for name, (words, _) in PERIODS.items()},
        "ranges": list(Range),
        "problem": problem,
        "is_chosen": patients is not None,
        "rows": _told(shown, current_clinic(request).glucose_unit),
        "next": _address(request.GET, shown[-1]) if more else "",
    }
    return TemplateResponse(request, "workplace/readings.html", context)


def _who(choices: Choices) -> tuple[str, list[Patient] | None, Device | None]:
    """Whose readings: a sentence where there is nobody of that code, and None where nobody was chosen."""
    device: Device | None = None
    patients: list[Patient] | None = None
    if choices.patient:
        patients = list(Patient.objects.with_code(choices.patient))
        if not patients:
            return "There is no patient with this code.", None, None
    if choices.device:
        device = Device.objects.filter(code=choices.device).first()
        if device is None:
            return "There is no device with this code.", None, None
        measured = Patient.objects.filter(pk__in=Assignment.objects.filter(device=device).values("patient_id"))
        patients = list(measured.filter(pk__in=[patient.pk for patient in patients]) if patients else measured)
    return "", patients, device


def _readings(choices: Choices, patients: list[Patient], device: Device | None) -> list[GlucoseReading]:
    since = timezone.now() - timedelta(days=PERIODS[choices.period][1])
    readings = GlucoseReading.objects.filter(patient_id__in=[patient.pk for patient in patients]).between(since, None)
    if device:
        readings = readings.filter(device_id=device.pk)
    if choices.range:
        readings = readings.filter(_in_range(choices.range, patients))
    if choices.after:
        readings = readings.filter(choices.after.condition())
    readings = readings.select_related("patient", "device").order_by("-measured_at", "-patient_id", "-device_id")
    return list(readings[: SIZE + 1])


def _in_range(part: Range, patients: list[Patient]) -> Q:
    """Each patient's own target decides."""
    condition = Q(patient_id__in=[])
    for patient in patients:
        condition |= Q(patient_id=patient.pk) & range_condition(part, target_of(patient))
    return condition


def _newest_of_each(choices: Choices) -> list[PatientState]:
    """The whole clinic: no index orders its readings, so only the newest of each patient are listed."""
    since = timezone.now() - timedelta(days=PERIODS[choices.period][1])
    newest = PatientState.objects.filter(measured_at__gte=since).select_related("patient", "device")
    return list(newest.order_by("-measured_at", "-patient_id")[:SIZE])


def _told(rows: list[Any], unit: str) -> list[dict[str, Any]]:
    return [
        {
            "at": row.measured_at,
            "patient": row.patient,
            "device": row.device,
            "value": value_words(row.glucose, row.range_flag, unit),
            "unit": "" if row.range_flag else unit,
            "range": target_of(row.patient).classify(row.glucose, row.range_flag),
            "quality": SignalQuality(row.quality).label if row.quality else "",
            "is_copy": getattr(row, "is_copy", False),
        }
        for row in rows
    ]


def _address(sent: QueryDict, last: Any) -> str:
    following = sent.copy()
    following["after"] = str(Cursor(last.measured_at, last.patient_id, last.device_id))
    return following.urlencode()
