"""What a rule would have done with a patient's last days, before it is switched on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from alerts.engine.machine import RulePlan
from alerts.engine.replay import Replay, replay
from alerts.engine.trace import Measured, Reading
from patients.models import Patient
from readings.history import Place, raw_page_steps
from readings.store import run_steps
from tenancy.scope import required_organization_id
from vitals.catalogue import Metric
from vitals.models import Measurement

LONGEST_DAYS = 30
PAGE = 2_000
# 30 days of a sensor that measures every minute. Of one that measures more often, as many of its newest readings.
MOST_READINGS = 43_200


@dataclass(frozen=True, slots=True)
class PatientReplay:
    """``since``: the first reading that was looked at; None where there was none."""

    since: datetime | None
    readings: int
    found: Replay


def replay_for(*, patient: Patient, plan: RulePlan, days: int) -> PatientReplay:
    readings = readings_of(patient, timezone.now() - timedelta(days=days))
    measured = measured_of(patient, plan, timezone.now() - timedelta(days=days)) if plan.metrics else []
    firsts = [reading.measured_at for reading in readings[:1]] + [one.measured_at for one in measured[:1]]
    since = min(firsts, default=None)
    return PatientReplay(since, len(readings) + len(measured), replay([plan], readings, patient.zone, measured))


def measured_of(patient: Patient, plan: RulePlan, since: datetime) -> list[Measured]:
    """What the rule asks for beside glucose, oldest first; the newest of more than fit."""
    found = Measurement.objects.for_patient(patient).of_metrics(Metric(number) for number in plan.metrics)
    columns = ("measured_at", "metric", "value", "second_value", "source_number", "received_at")
    rows = found.between(since, None).order_by("-measured_at").values_list(*columns)[:MOST_READINGS]
    return [Measured(*row) for row in rows][::-1]


def readings_of(patient: Patient, since: datetime, *, most: int = MOST_READINGS) -> list[Reading]:
    """Canonical ones, oldest first; of more than ``most`` the newest."""
    key = (required_organization_id(), patient.pk)
    readings: list[Reading] = []
    after: Place | None = None
    while len(readings) < most:
        page = run_steps(raw_page_steps(key, since=since, until=None, after=after, limit=PAGE))
        for measured_at, device_id, _, _, glucose, _, quality, _, _, _, battery_level, _, received_at in page:
            readings.append(Reading(measured_at, glucose, device_id, received_at, quality, battery_level))
        if len(page) < PAGE:
            break
        after = (page[-1][0], page[-1][1])
    return readings[:most][::-1]
