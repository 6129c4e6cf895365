"""A patient's report from the database, in the transaction and the scope of whoever asks."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from analytics.goals import Preset
from devices.models import Device
from patients.models import Patient
from readings.models import GlucoseReading
from reports.glucose import Window, analysis_of, last_days
from reports.glucose_report.build import build_content
from reports.glucose_report.content import ReportContent
from reports.glucose_report.subject import Choices, Subject
from tenancy.encryption.errors import Shredded
from tenancy.models import Organization


def report_content(
    *, patient: Patient, clinic: Organization, choices: Choices, made_at: datetime | None = None
) -> ReportContent:
    window = last_days(patient, choices.days)
    return report_of_window(
        patient=patient, clinic=clinic, choices=choices, window=window, made_at=made_at or timezone.now()
    )


def report_of_window(
    *, patient: Patient, clinic: Organization, choices: Choices, window: Window, made_at: datetime
) -> ReportContent:
    analysis = analysis_of(patient, window)
    return build_content(analysis, _subject(patient, clinic, window), window, choices, made_at=made_at)


def _subject(patient: Patient, clinic: Organization, window: Window) -> Subject:
    return Subject(
        clinic=clinic.name,
        name=str(patient),
        code=patient.code,
        birth_date=patient.birth_date,
        record_number=_record_number(patient),
        zone=patient.zone,
        preset=Preset(patient.glucose_goals),
        sources=_sources(patient, window),
    )


def _record_number(patient: Patient) -> str:
    """Nothing where the patient's keys were destroyed."""
    try:
        return str(patient.medical_record_number)
    except Shredded:
        return ""


def _sources(patient: Patient, window: Window) -> tuple[str, ...]:
    """The devices whose readings the figures stand on."""
    readings = GlucoseReading.objects.for_patient(patient).between(window.since, window.until).canonical()
    measured = readings.order_by().values("device_id").distinct()
    devices = Device.objects.filter(pk__in=measured).order_by("code")
    return tuple(f"{device.name or device.get_kind_display()} ({device.code})" for device in devices)
