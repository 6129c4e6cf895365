"""A round of the alarm evaluator over patients of whom each has one new reading, and over a few of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from alerts.evaluation import evaluate_due_patients, statements
from alerts.evaluation.loading import LOOK_BACK
from alerts.evaluation.work import PATIENTS_AT_ONCE
from benchmarks.bench import Bench, plain_connection
from benchmarks.errors import BenchmarkError
from benchmarks.report import Figure
from tenancy.scope import scoped

FULL_PATIENTS, QUICK_PATIENTS = 10_000, 300
FEW = 100
# An hour of a sensor before the new reading; one patient in ten runs low.
HISTORY = """
INSERT INTO readings_glucosereading (organization_id, patient_id, measured_at, device_id, glucose, unit, range_flag,
            is_copy, received_at)
SELECT %(organization_id)s, patient, at, patient, CASE WHEN patient %% 10 = 0 THEN 60 ELSE 120 END + step %% 3, 1, 0,
       false, at + interval '5 seconds'
  FROM unnest(%(patient_id)s::bigint[]) AS patient
 CROSS JOIN generate_series(%(newest)s::integer, %(oldest)s::integer) AS step
 CROSS JOIN LATERAL (SELECT %(until)s::timestamptz - step * interval '5 minutes' AS at) instant
ON CONFLICT DO NOTHING
"""
STATES = """
INSERT INTO readings_patientstate (organization_id, patient_id, device_id, measured_at, glucose, unit, range_flag,
            trend, received_at)
SELECT %(organization_id)s, patient, patient, %(until)s, 120, 1, 0, 8, %(until)s
  FROM unnest(%(patient_id)s::bigint[]) AS patient
ON CONFLICT (organization_id, patient_id) DO UPDATE SET measured_at = EXCLUDED.measured_at
"""
MARKS = """
INSERT INTO readings_evaluationmark (organization_id, patient_id, late_count)
SELECT %(organization_id)s, patient, 0 FROM unnest(%(patient_id)s::bigint[]) AS patient ON CONFLICT DO NOTHING
"""


def measure(bench: Bench) -> Figure:
    count = FULL_PATIENTS if bench.seconds > 1 else QUICK_PATIENTS
    patients = [device.patient_id for device in bench.clinic.make_devices(count)]
    now = datetime.now(UTC)
    _arrive(bench, patients, now - timedelta(minutes=5), steps=(0, 12))
    first = _round(bench, patients)
    _arrive(bench, patients, now, steps=(0, 0))
    newest = _round(bench, patients)
    few = patients[:FEW]
    _arrive(bench, few, now + timedelta(minutes=1), steps=(0, 0))
    some = _round(bench, few)
    return Figure(
        f"a round of the alarm rules over {count:,} patients with a new reading each", "patients/s", count / newest,
        "claiming them, reading their last hour and keeping what to remember, in SQL", count / _plain(bench, patients),
        {
            "seconds": round(newest, 2), "first round seconds": round(first, 2),
            f"{FEW} of them seconds": round(some, 3), "patients at once": PATIENTS_AT_ONCE,
        },
    )  # fmt: skip


def _arrive(bench: Bench, patients: Sequence[int], until: datetime, *, steps: tuple[int, int]) -> None:
    place = {"organization_id": bench.clinic.organization_id, "patient_id": list(patients)}
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute(HISTORY, {**place, "until": until, "newest": steps[0], "oldest": steps[1]})
        owner.execute(STATES, {**place, "until": until})
        owner.execute(MARKS, place)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE readings_evaluationmark, readings_glucosereading, readings_patientstate")


def _round(bench: Bench, patients: Sequence[int]) -> float:
    begun = time.perf_counter()
    with scoped(bench.clinic.scope):
        done = evaluate_due_patients()
    seconds = time.perf_counter() - begun
    if done.patients < len(patients):
        raise BenchmarkError(f"{done.patients} of {len(patients)} patients were looked at.")
    return seconds


def _plain(bench: Bench, patients: Sequence[int]) -> float:
    """The evaluator's own statements, without an evaluator between them."""
    begun = time.perf_counter()
    with plain_connection() as connection:
        for start in range(0, len(patients), PATIENTS_AT_ONCE):
            _plain_piece(bench, connection, patients[start : start + PATIENTS_AT_ONCE])
    return time.perf_counter() - begun


def _plain_piece(bench: Bench, connection: psycopg.Connection, patients: Sequence[int]) -> None:
    now = datetime.now(UTC)
    place = {"organization_id": bench.clinic.organization_id, "patient_id": list(patients)}
    since = [now - LOOK_BACK] * len(patients)
    kept: list[dict[str, Any]] = [
        {"patient_id": patient, "evaluated_through": now.isoformat(), "seen": [], "rules": {}, "next_look_at": None}
        for patient in patients
    ]
    with connection.transaction():
        bench.enter_scope(connection)
        connection.execute(statements.CLAIM, place).fetchall()
        connection.execute(statements.READINGS, {**place, "since": since, "oldest": since[0]}).fetchall()
        connection.execute(statements.REMEMBERED, {**place, "now": now}).fetchall()
        connection.execute(statements.KEEP, {**place, "kept": json.dumps(kept), "now": now})
        connection.execute(statements.TAKE_MARKS, place)
