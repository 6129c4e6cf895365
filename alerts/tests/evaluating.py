"""Help for tests of the evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from alerts.evaluation import Evaluated, evaluate_due_patients
from alerts.models import Episode
from readings.rows import ReadingRow
from readings.services import store_readings
from tests.clinics import Clinic


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def measure(clinic: Clinic, glucose: int, at: datetime | None = None, *, device: int = 0) -> datetime:
    """One reading, stored now; returns when it was measured."""
    measured_at = at or datetime.now(UTC)
    with clinic.scope():
        store_readings(rows=[ReadingRow(clinic.devices[device].id, measured_at, glucose)])
    return measured_at.replace(microsecond=measured_at.microsecond // 1000 * 1000)


def evaluate(clinic: Clinic) -> Evaluated:
    with clinic.scope():
        return evaluate_due_patients()


def episodes(clinic: Clinic, code: str | None = None) -> list[Episode]:
    with clinic.scope(), transaction.atomic():
        found = Episode.objects.order_by("opened_at", "id")
        return list(found.filter(rule_code=code) if code else found)


def steps(clinic: Clinic, episode: Episode) -> list[str]:
    with clinic.scope(), transaction.atomic():
        return list(episode.events.values_list("kind", flat=True))


def owners(rows: Sequence[Any]) -> set[int]:
    return {row.organization_id for row in rows}
