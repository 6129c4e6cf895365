"""Readings of a patient as arrays, in one statement and without an object for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from analytics.trace import Trace
from patients.models import Patient
from readings.models import Unit
from tenancy.scope import required_organization_id

# Each reading as twelve bytes: PostgreSQL's own form of an instant (microseconds since 2000) and two small numbers.
_ROW = np.dtype([("instant", ">i8"), ("glucose", ">i2"), ("kind", ">i2")])
_MILLISECONDS_UNTIL_2000 = 946_684_800_000

# Arrays of 26,000 would be written as text and taken apart again. The order does not matter: a trace is sorted.
# OFFSET 0 keeps each range an index scan of its own; ``since`` and ``until`` are constants, which tell the planner the
# months.
_READ = """
SELECT string_agg(timestamptz_send(measured_at) || int2send(glucose)
                  || int2send((unit * 4 + range_flag + 1)::smallint), ''::bytea)
  FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS range (starts_at, ends_at)
 CROSS JOIN LATERAL (
       SELECT measured_at, glucose, unit, range_flag
         FROM readings_glucosereading
        WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s AND NOT is_copy
          AND measured_at >= range.starts_at AND measured_at < range.ends_at
          AND measured_at >= %(since)s AND measured_at < %(until)s
       OFFSET 0) reading
"""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """As they are stored, in no order. ``instants``: milliseconds since 1970."""

    instants: NDArray[np.int64]
    glucose: NDArray[np.int64]
    unit: NDArray[np.int64]
    range_flag: NDArray[np.int64]


def trace_of(patient: Patient, since: datetime, until: datetime) -> Trace:
    """The canonical readings from ``since`` on, before ``until``."""
    found = columns_of(patient, [(since, until)])
    return Trace.of(
        found.instants,
        found.glucose.astype(np.float64),
        patient.zone,
        is_mmol=found.unit == Unit.MMOL_L,
        beyond=found.range_flag.astype(np.int8),
    )


def columns_of(patient: Patient, ranges: Sequence[tuple[datetime, datetime]]) -> Columns:
    """The canonical readings of ascending ranges, each from its begin on, before its end."""
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {
                "organization_id": required_organization_id(),
                "patient_id": patient.pk,
                "starts": [starts_at for starts_at, _ in ranges],
                "ends": [ends_at for _, ends_at in ranges],
                "since": ranges[0][0],
                "until": ranges[-1][1],
            },
        )
        (found,) = cursor.fetchone()
    rows: NDArray[Any] = np.frombuffer(bytes(found or b""), dtype=_ROW)
    kinds = rows["kind"].astype(np.int64)
    return Columns(
        instants=rows["instant"].astype(np.int64) // 1000 + _MILLISECONDS_UNTIL_2000,
        glucose=rows["glucose"].astype(np.int64),
        unit=kinds // 4,
        range_flag=kinds % 4 - 1,
    )
