"""All that the ranking looks at, of every patient whom the person may see.

The figures come in one statement, what is live in four small ones beside it. Joined in the database, a planner that
guesses the number of open alarms wrong would compare each with every patient. What it costs follows the number of
patients; the readings behind them do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Case, F, IntegerField, Max, Min, Q, Value, When
from django.db.models.functions import Coalesce, Extract
from django.utils import timezone

from alerts.models import Episode, Severity
from devices.models import Assignment, Device
from dexcom_sync.models import Connection
from patients.models import Consent
from reports.worklist.days import unpack
from reports.worklist.figures import Floats
from reports.worklist.points import PRESETS, Facts, Integers
from tenancy.scope import current_scope, required_organization_id

# Instants as seconds, days as distances from today: ten thousand rows of Python's dates would cost more than the look.
# Limited staff's patients are named: the policy's line is dear to compare with every row of the clinic.
FIGURES = """
SELECT patient.id, patient.glucose_goals,
       recent.counts, clock.day - recent.last_day,
       extract(epoch FROM clock.now - clock.day)::float8 / 60,
       extract(epoch FROM state.measured_at)::float8,
       care.next_contact_on - %(today)s::date,
       extract(epoch FROM care.seen_at)::float8,
       clock.day - (care.seen_at AT TIME ZONE patient.timezone)::date,
       care.rests_until - %(today)s::date,
       care.assigned_to_id
  FROM patients_patient patient
 CROSS JOIN LATERAL (SELECT now() AT TIME ZONE patient.timezone AS now,
                            (now() AT TIME ZONE patient.timezone)::date AS day) clock
  LEFT JOIN reports_recentdays recent
    ON recent.organization_id = patient.organization_id AND recent.patient_id = patient.id
  LEFT JOIN reports_carestate care
    ON care.organization_id = patient.organization_id AND care.patient_id = patient.id
  LEFT JOIN readings_patientstate state
    ON state.organization_id = patient.organization_id AND state.patient_id = patient.id
 WHERE patient.organization_id = %(organization_id)s AND patient.archived_at IS NULL
   AND (%(patients)s::bigint[] IS NULL OR patient.id = ANY(%(patients)s))
 ORDER BY patient.last_name, patient.first_name, patient.id
"""
_COLUMNS = 11

_PLACES = {preset.value: place for place, preset in enumerate(PRESETS)}
_WEIGHT = Case(
    *(When(severity=name, then=Value(weight)) for weight, name in enumerate(Severity.values, start=1)),
    output_field=IntegerField(),
)
LOST = (Connection.Status.REAUTH_REQUIRED, Connection.Status.QUARANTINED)
# Without these nothing may be measured, or nothing comes.
NEEDED_CONSENTS = (Consent.Kind.TREATMENT_DATA, Consent.Kind.DEVICE_CLOUD)


def load_facts(now: datetime, *, only: int | None = None) -> Facts:
    """``only``: of this patient alone."""
    columns = _figures(now, only)
    ids = np.array(columns[0], dtype=np.int64)
    whose = Q() if only is None else Q(patient_id=only)
    unacknowledged, acknowledged = _alarms(whose)
    return Facts(
        patient_ids=ids,
        preset=np.array([_PLACES[name] for name in columns[1]], dtype=np.int64),
        days=unpack(columns[2], columns[3]),
        minutes_today=_floats(columns[4]),
        newest_reading=_floats(columns[5]),
        next_contact=_floats(columns[6]),
        seen_at=_floats(columns[7]),
        seen_days_ago=np.array([-1 if days is None else days for days in columns[8]], dtype=np.int64),
        rests_until=_floats(columns[9]),
        assigned_to=np.array([member or 0 for member in columns[10]], dtype=np.int64),
        measured_since=_beside(ids, _measured_since(whose, now)),
        unacknowledged=_beside(ids, unacknowledged, missing=0).astype(np.int64),
        acknowledged=_beside(ids, acknowledged, missing=0).astype(np.int64),
        connection_lost=_beside(ids, _lost_connections(whose)),
        consent_withdrawn=_beside(ids, _withdrawn_consents(whose)),
    )


def _figures(now: datetime, only: int | None) -> list[tuple[Any, ...]]:
    scope = current_scope()
    named = (scope.assigned_patients if scope else None) if only is None else [only]
    parameters: dict[str, Any] = {
        "organization_id": required_organization_id(),
        "today": timezone.localdate(now),
        "patients": None if named is None else list(named),
    }
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, parameters)
        rows = cursor.fetchall()
    return list(zip(*rows, strict=True)) if rows else [()] * _COLUMNS


def _measured_since(whose: Q, now: datetime) -> Iterable[tuple[int, float]]:
    """Since when something sends readings of the patient; files that were imported send nothing."""
    worn = (
        Assignment.objects.in_force_at(now)
        .filter(whose)
        .exclude(Q(device__status=Device.Status.RETIRED) | Q(device__kind=Device.Kind.IMPORT))
    )
    return _seconds(worn.order_by().values("patient_id").annotate(at=Min("starts_at")))


def _alarms(whose: Q) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """The greatest severity that nobody has acknowledged, and the greatest that somebody has."""
    is_waiting = Q(acknowledged_at__isnull=True)
    rows = list(
        # Open ones by their index; of these the confirmed ones that have not ended.
        (Episode.objects.open() & Episode.objects.alarming())
        .confirmed()
        .filter(whose)
        .order_by()
        .values("patient_id")
        .annotate(waiting=Max(_WEIGHT, filter=is_waiting), taken=Max(_WEIGHT, filter=~is_waiting))
        .values_list("patient_id", "waiting", "taken")
    )
    return [(who, waiting or 0) for who, waiting, _ in rows], [(who, taken or 0) for who, _, taken in rows]


def _lost_connections(whose: Q) -> Iterable[tuple[int, float]]:
    lost = Connection.objects.filter(whose, status__in=LOST).order_by().values("patient_id")
    return _seconds(lost.annotate(at=Max(Coalesce("last_error_at", "created_at"))))


def _withdrawn_consents(whose: Q) -> Iterable[tuple[int, float]]:
    """Of each patient the newest that was withdrawn and not given again."""
    by_kind = Consent.objects.filter(whose, kind__in=NEEDED_CONSENTS).order_by().values("patient_id", "kind")
    newest: dict[int, float] = {}
    standing = Max(Case(When(withdrawn_at__isnull=True, then=Value(1)), default=Value(0), output_field=IntegerField()))
    gone = by_kind.annotate(standing=standing, at=Max("withdrawn_at")).filter(standing=0)
    for patient_id, at in _seconds(gone):
        newest[patient_id] = max(at, newest.get(patient_id, at))
    return newest.items()


def _seconds(rows: Any) -> Iterable[tuple[int, float]]:
    found: Iterable[tuple[int, float]] = rows.annotate(seconds=Extract(F("at"), "epoch")).values_list(
        "patient_id", "seconds"
    )
    return found


def _beside(ids: Integers, found: Iterable[tuple[int, float]], *, missing: float = np.nan) -> Floats:
    """One value for each of ``ids``; whom somebody may not see, or who is archived, has no place."""
    known = dict(found)
    return np.array([known.get(patient_id, missing) for patient_id in ids.tolist()], dtype=np.float64)


def _floats(values: Any) -> Floats:
    # None becomes NaN.
    return np.array(values, dtype=np.float64)
