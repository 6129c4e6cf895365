"""How a patient is right now, beside what a period of readings came to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from alerts.models import Episode, Severity
from patients.models import Admission, Patient
from readings.models import PatientState, RangeFlag, Trend
from reports.glucose.documents import spoken
from reports.glucose.numbers import In
from reports.glucose.windows import Window
from vitals.analysis.latest import latest_of
from vitals.catalogue import TYPES
from vitals.wording import spoken_value

ONE_DAY = timedelta(days=1)


def standing_of(patient: Patient, window: Window, unit: str, now: datetime) -> dict[str, Any]:
    """Never kept: an alarm that is over must not stand in a summary for minutes."""
    alarms = Episode.objects.of_patient(patient).confirmed()
    return {
        "latest": {"glucose": _latest(patient, In(unit), now), "vitals": latest_vitals(patient, now)},
        "admission": _admission(patient),
        "activeAlerts": Episode.objects.of_patient(patient).alarming().count(),
        "alertsLast24h": alarms.between(now - ONE_DAY, now).count(),
        "alerts": by_severity(alarms.between(window.since, window.until)),
    }


def _admission(patient: Patient) -> dict[str, Any] | None:
    stay = Admission.objects.current_of(patient)
    return None if stay is None else {"admittedAt": spoken(stay.admitted_at), "status": stay.status, "room": stay.room}


def latest_vitals(patient: Patient, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "type": TYPES[each.metric].name,
            "value": spoken_value(TYPES[each.metric], each.value, each.second_value),
            "unit": TYPES[each.metric].unit,
            "timestamp": spoken(each.measured_at),
            "ageSeconds": max(0, int((now - each.measured_at).total_seconds())),
            "source": each.source,
        }
        for each in latest_of(patient)
    ]


def by_severity(alarms: Any) -> dict[str, int]:
    counted = dict(alarms.order_by().values_list("severity").annotate(Count("id")))
    return {severity: counted.get(severity, 0) for severity in Severity.values}


def _latest(patient: Patient, told: In, now: datetime) -> dict[str, Any] | None:
    state: PatientState | None = PatientState.objects.filter(patient_id=patient.pk).first()
    if state is None:
        return None
    is_measured = state.range_flag == RangeFlag.IN_RANGE
    return {
        "timestamp": spoken(state.measured_at),
        "value": told.measured([state.glucose])[0] if is_measured else None,
        "rangeFlag": RangeFlag(state.range_flag).label,
        "trend": Trend(state.trend).label,
        "ageSeconds": max(0, int((now - state.measured_at).total_seconds())),
    }
