"""All that the ranking looks at, of every patient whom the person may see.

One statement for each table, put together here: joined in the database, a planner that guesses the number of open
alarms wrong would compare each with every patient. What it costs follows the number of patients; the readings behind
them do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from django.db import connection
from django.db.models import Case, IntegerField, Max, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from numpy.typing import NDArray

from alerts.models import Episode, Severity
from dexcom_sync.models import Connection
from patients.models import Consent
from reports.worklist.days import unpack
from reports.worklist.figures import Floats, Integers
from reports.worklist.points import DAY, PRESETS, Facts
from tenancy.scope import current_scope, required_organization_id

# Each column comes as one value in PostgreSQL's binary form: ten thousand rows of Python's objects would cost more than
# the look. The tables are put together here, by the patients' keys. Limited staff's patients are named: the policy's
# line is dear to compare with every row of the clinic.
_WHOSE = """
       {table}.organization_id = %(organization_id)s
   AND (%(patients)s::bigint[] IS NULL OR {table}.{column} = ANY(%(patients)s))
"""
# In the order of their names.
PATIENTS = f"""
SELECT string_agg(int8send(id), ''), string_agg(int2send(COALESCE(preset, 0)::smallint), ''), array_agg(timezone)
  FROM (SELECT id, array_position(%(presets)s::text[], glucose_goals::text) - 1 AS preset, timezone
          FROM patients_patient patient
         WHERE {_WHOSE.format(table="patient", column="id")} AND archived_at IS NULL
         ORDER BY last_name, first_name, id) named
"""  # noqa: S608  conditions of ours
RECENT_DAYS = f"""
SELECT string_agg(int8send(patient_id), ''), string_agg(int4send(last_day - date '1970-01-01'), ''),
       string_agg(counts, '')
  FROM reports_recentdays recent WHERE {_WHOSE.format(table="recent", column="patient_id")}
"""  # noqa: S608
NEWEST = f"""
SELECT string_agg(int8send(patient_id), ''), string_agg(timestamptz_send(measured_at), '')
  FROM readings_patientstate state WHERE {_WHOSE.format(table="state", column="patient_id")}
"""  # noqa: S608
CARE = f"""
SELECT string_agg(int8send(patient_id), ''),
       string_agg(float8send(COALESCE((next_contact_on - %(today)s::date)::float8, 'NaN')), ''),
       string_agg(float8send(COALESCE(date_part('epoch', seen_at), 'NaN')), ''),
       string_agg(float8send(COALESCE((rests_until - %(today)s::date)::float8, 'NaN')), ''),
       string_agg(float8send(COALESCE(assigned_to_id, 0)), '')
  FROM reports_carestate care WHERE {_WHOSE.format(table="care", column="patient_id")}
"""  # noqa: S608
# Since when something sends readings of the patient; files that were imported send nothing.
MEASURED_SINCE = f"""
SELECT string_agg(int8send(patient_id), ''), string_agg(timestamptz_send(since), '')
  FROM (SELECT assignment.patient_id, min(assignment.starts_at) AS since
          FROM devices_assignment assignment
          JOIN devices_device device
            ON device.organization_id = assignment.organization_id AND device.id = assignment.device_id
         WHERE {_WHOSE.format(table="assignment", column="patient_id")}
           AND assignment.starts_at <= now() AND (assignment.ends_at IS NULL OR assignment.ends_at > now())
           AND device.status <> 'retired' AND device.kind <> 'import'
         GROUP BY assignment.patient_id) measured
"""  # noqa: S608
_SECONDS_UNTIL_2000 = 946_684_800

_WEIGHT = Case(
    *(When(severity=name, then=Value(weight)) for weight, name in enumerate(Severity.values, start=1)),
    output_field=IntegerField(),
)
LOST = (Connection.Status.REAUTH_REQUIRED, Connection.Status.QUARANTINED)
# Without these nothing may be measured, or nothing comes.
NEEDED_CONSENTS = (Consent.Kind.TREATMENT_DATA, Consent.Kind.DEVICE_CLOUD)


def load_facts(now: datetime, *, only: int | None = None) -> Facts:
    """``only``: of this patient alone."""
    parameters = question(now, only)
    found = _asked(PATIENTS, parameters)
    clocks = _Clocks(now, found[2] or ())
    place = _Places(_column(found[0], ">i8"))
    recent, newest, care, measured = (
        _asked(statement, parameters) for statement in (RECENT_DAYS, NEWEST, CARE, MEASURED_SINCE)
    )
    whose, cared = _column(recent[0], ">i8"), _column(care[0], ">i8")
    moved = clocks.today - place.beside(whose, _column(recent[1], ">i4").astype(np.float64))
    unacknowledged, acknowledged = _alarms(only)
    seen_at = place.beside(cared, _numbers(care[2]))
    return Facts(
        patient_ids=place.ids,
        preset=_column(found[1], ">i2"),
        days=unpack(recent[2] or b"", place.of(whose), np.nan_to_num(moved).astype(np.int64)),
        minutes_today=clocks.minutes,
        newest_reading=place.beside(_column(newest[0], ">i8"), _instants(newest[1])),
        next_contact=place.beside(cared, _numbers(care[1])),
        seen_at=seen_at,
        seen_days_ago=clocks.days_since(seen_at),
        rests_until=place.beside(cared, _numbers(care[3])),
        assigned_to=place.beside(cared, _numbers(care[4]), missing=0.0).astype(np.int64),
        measured_since=place.beside(_column(measured[0], ">i8"), _instants(measured[1])),
        unacknowledged=place.beside_pairs(unacknowledged, missing=0.0).astype(np.int64),
        acknowledged=place.beside_pairs(acknowledged, missing=0.0).astype(np.int64),
        connection_lost=place.beside_pairs(_lost_connections(only)),
        consent_withdrawn=place.beside_pairs(_withdrawn_consents(only)),
    )


def question(now: datetime, only: int | None = None) -> dict[str, Any]:
    """What the statements are asked with, in the scope of whoever asks."""
    scope = current_scope()
    named = (scope.assigned_patients if scope else None) if only is None else [only]
    return {
        "organization_id": required_organization_id(),
        "today": timezone.localdate(now),
        "patients": None if named is None else list(named),
        "presets": [preset.value for preset in PRESETS],
    }


class _Places:
    """Where each patient stands; whom somebody may not see, or who is archived, stands nowhere: -1."""

    def __init__(self, ids: Integers) -> None:
        self.ids = ids
        self._order = np.argsort(ids)
        self._sorted = ids[self._order]

    def of(self, ids: Integers) -> Integers:
        if not len(self.ids):
            return np.full(len(ids), -1)
        found = np.minimum(np.searchsorted(self._sorted, ids), len(self.ids) - 1)
        return np.where(self._sorted[found] == ids, self._order[found], -1)

    def beside(self, ids: Integers, values: Floats, *, missing: float = np.nan) -> Floats:
        column = np.full(len(self.ids), missing)
        places = self.of(ids)
        column[places[places >= 0]] = values[places >= 0]
        return column

    def beside_pairs(self, pairs: Iterable[tuple[int, float]], *, missing: float = np.nan) -> Floats:
        known = list(pairs)
        ids = np.array([patient_id for patient_id, _ in known], dtype=np.int64)
        return self.beside(ids, np.array([value for _, value in known], dtype=np.float64), missing=missing)


class _Clocks:
    """Of each patient's own clock: which day it is, as days since 1970, and how many minutes of it have passed.

    By the offset of this moment also for days before: an hour beside midnight decides about no day's figures.
    """

    def __init__(self, now: datetime, zones: Sequence[str]) -> None:
        offsets = {
            zone: (now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds() for zone in set(zones)
        }
        self._offset = np.array([offsets[zone] for zone in zones], dtype=np.float64)
        local = now.timestamp() + self._offset
        self.today = np.floor(local / DAY)
        self.minutes = (local - self.today * DAY) / 60

    def days_since(self, instants: Floats) -> Integers:
        """-1 without an instant."""
        days = self.today - np.floor((instants + self._offset) / DAY)
        return np.asarray(np.nan_to_num(days, nan=-1.0).astype(np.int64))


def _alarms(only: int | None) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """The greatest severity that nobody has acknowledged, and the greatest that somebody has."""
    is_waiting = Q(acknowledged_at__isnull=True)
    rows = list(
        # Open ones by their index; of these the confirmed ones that have not ended.
        (Episode.objects.open() & Episode.objects.alarming())
        .confirmed()
        .filter(_of(only))
        .order_by()
        .values("patient_id")
        .annotate(waiting=Max(_WEIGHT, filter=is_waiting), taken=Max(_WEIGHT, filter=~is_waiting))
        .values_list("patient_id", "waiting", "taken")
    )
    return [(who, waiting or 0) for who, waiting, _ in rows], [(who, taken or 0) for who, _, taken in rows]


def _lost_connections(only: int | None) -> Iterable[tuple[int, float]]:
    lost = Connection.objects.filter(_of(only), status__in=LOST).order_by()
    return _seconds(lost.annotate(at=Coalesce("last_error_at", "created_at")))


def _withdrawn_consents(only: int | None) -> Iterable[tuple[int, float]]:
    """Of each patient the newest that was withdrawn and not given again."""
    by_kind = Consent.objects.filter(_of(only), kind__in=NEEDED_CONSENTS).order_by().values("patient_id", "kind")
    newest: dict[int, float] = {}
    standing = Max(Case(When(withdrawn_at__isnull=True, then=Value(1)), default=Value(0), output_field=IntegerField()))
    gone = by_kind.annotate(standing=standing, at=Max("withdrawn_at")).filter(standing=0)
    for patient_id, at in _seconds(gone):
        newest[patient_id] = max(at, newest.get(patient_id, at))
    return newest.items()


def _of(only: int | None) -> Q:
    return Q() if only is None else Q(patient_id=only)


def _seconds(rows: Any) -> list[tuple[int, float]]:
    return [(patient_id, at.timestamp()) for patient_id, at in rows.values_list("patient_id", "at")]


def _asked(statement: str, parameters: dict[str, Any]) -> Sequence[Any]:
    """By psycopg's own cursor: Django's takes answers as text only, each byte two letters."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), parameters, binary=True, prepare=False)
        row: Sequence[Any] = cursor.fetchone() or ()
    return row


def _column(sent: Any, form: str) -> NDArray[np.int64]:
    return np.frombuffer(sent or b"", dtype=form).astype(np.int64)


def _numbers(sent: Any) -> Floats:
    return np.frombuffer(sent or b"", dtype=">f8").astype(np.float64)


def _instants(sent: Any) -> Floats:
    """Seconds since 1970, of microseconds since 2000."""
    return _column(sent, ">i8") / 1e6 + _SECONDS_UNTIL_2000
