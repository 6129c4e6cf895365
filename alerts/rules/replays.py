"""What a rule would have done with a patient's last days, before it is switched on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from alerts.engine.machine import RulePlan
from alerts.engine.replay import Replay, replay
from alerts.engine.trace import Reading
from patients.models import Patient
from readings.history import Place, raw_page_steps
from readings.store import run_steps
from tenancy.scope import required_organization_id

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
    since = readings[0].measured_at if readings else None
    return PatientReplay(since, len(readings), replay([plan], readings, patient.zone))


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
