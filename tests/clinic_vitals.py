"""Vital signs that the isolation tests look for: of each patient one of a device's and one of a person's."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING

from tenancy.managers import audited_elsewhere
from vitals.catalogue import Metric
from vitals.models import Activity, Goal, HealthScore, Measurement, Observation, OxygenScale

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_vital_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. ``canaries``: the clinic's, and that of its second patient's rows."""
    now = datetime.now(UTC)
    nurse = clinic.people["nurse"]
    with audited_elsewhere("rows of a test"):
        for patient, canary in zip(clinic.patients, chain(canaries, repeat(canaries[0])), strict=False):
            Measurement.objects.create(
                patient=patient,
                metric=Metric.BLOOD_PRESSURE,
                measured_at=now - timedelta(hours=1),
                public_id=uuid.uuid4(),
                value=121,
                second_value=79,
                unit="mmHg",
                source="user",
                notes=f"At home {canary}",
                received_at=now,
            )
            Observation.objects.create(
                patient=patient, observed_at=now, note=f"Looks pale {canary}", member=nurse, made_by=nurse.name
            )
            OxygenScale.objects.create(
                patient=patient, scale="2", reason=canary, decided_at=now, member=nurse, decided_by=nurse.name
            )
            HealthScore.objects.create(patient=patient, day=now.date(), overall_score=61, notes=f"Tired {canary}")
            Activity.objects.create(patient=patient, kind="walking", started_at=now, description=f"Alone {canary}")
            Goal.objects.create(
                patient=patient,
                name=f"Walk {canary}",
                metric=Metric.STEPS,
                target_value=8000,
                unit="count",
                start_date=now.date(),
            )
