"""Readings of a patient as arrays, in one statement and without an object for each."""

from __future__ import annotations

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
_READ = """
SELECT string_agg(timestamptz_send(measured_at) || int2send(glucose)
                  || int2send((unit * 4 + range_flag + 1)::smallint), ''::bytea)
  FROM readings_glucosereading
 WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s
   AND measured_at >= %(since)s AND measured_at < %(until)s AND NOT is_copy
"""


def trace_of(patient: Patient, since: datetime, until: datetime) -> Trace:
    """The canonical readings from ``since`` on, before ``until``."""
    rows = rows_of(patient, since, until)
    kinds = rows["kind"].astype(np.int64)
    return Trace.of(
        rows["instant"].astype(np.int64) // 1000 + _MILLISECONDS_UNTIL_2000,
        rows["glucose"].astype(np.float64),
        patient.zone,
        is_mmol=kinds // 4 == Unit.MMOL_L,
        beyond=(kinds % 4 - 1).astype(np.int8),
    )


def rows_of(patient: Patient, since: datetime, until: datetime) -> NDArray[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {
                "organization_id": required_organization_id(),
                "patient_id": patient.pk,
                "since": since,
                "until": until,
            },
        )
        (found,) = cursor.fetchone()
    return np.frombuffer(bytes(found or b""), dtype=_ROW)
