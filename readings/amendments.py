"""Sources correct what they sent (Dexcom does for hours): the row holds the new values, an amendment the old ones."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from readings.models import RangeFlag, Unit
from readings.rows import cut_to_milliseconds
from readings.store import run_steps
from readings.store.steps import PatientKey, Steps, lock_states, settle
from tenancy.scope import required_organization_id


@dataclass(frozen=True, slots=True)
class Correction:
    """What the reading of this device and instant shall say from now on; as in ``ReadingRow``, None where unknown."""

    device_id: int
    measured_at: datetime
    glucose: int
    unit: int = Unit.MG_DL
    range_flag: int = RangeFlag.IN_RANGE
    trend: int | None = None
    rate: float | None = None
    quality: int | None = None
    reason: str = ""


class Amended(enum.Enum):
    AMENDED = "amended"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"


# Organization, device, instant.
_Place = tuple[int, int, datetime]

# Whose device it was at that time is whose reading it is: see the store. The patient is held as foreign keys hold it,
# and before the state, as those who change a patient do.
_PLACE = """
SELECT sent.organization_id, sent.device_id, sent.measured_at, assignment.patient_id
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(measured_at)s::timestamptz[])
       AS sent (organization_id, device_id, measured_at)
  JOIN devices_assignment assignment
    ON assignment.organization_id = sent.organization_id AND assignment.device_id = sent.device_id
   AND assignment.starts_at <= sent.measured_at
   AND (assignment.ends_at IS NULL OR assignment.ends_at > sent.measured_at)
  JOIN patients_patient patient
    ON patient.organization_id = sent.organization_id AND patient.id = assignment.patient_id
 ORDER BY sent.organization_id, assignment.patient_id FOR KEY SHARE OF patient
"""

# All parts see the rows as they were before; the states are locked, so nobody else changes these. The constants
# ``since`` and ``until`` let the planner open only the partitions in between.
_AMEND = """
WITH before AS (
    SELECT reading.organization_id, reading.patient_id, reading.measured_at, reading.device_id, reading.glucose,
           reading.unit, reading.range_flag, reading.trend, reading.rate, reading.quality,
           sent.glucose AS new_glucose, sent.unit AS new_unit, sent.range_flag AS new_range_flag,
           sent.trend AS new_trend, sent.rate AS new_rate, sent.quality AS new_quality, sent.reason,
           (sent.glucose, sent.unit, sent.range_flag, sent.trend, sent.rate, sent.quality) IS DISTINCT FROM
           (reading.glucose, reading.unit, reading.range_flag, reading.trend, reading.rate, reading.quality) AS differs
      FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[], %(device_id)s::bigint[],
                  %(measured_at)s::timestamptz[], %(glucose)s::smallint[], %(unit)s::smallint[],
                  %(range_flag)s::smallint[], %(trend)s::smallint[], %(rate)s::float8[], %(quality)s::smallint[],
                  %(reason)s::text[])
           AS sent (organization_id, patient_id, device_id, measured_at, glucose, unit, range_flag, trend, rate,
                    quality, reason)
      JOIN readings_glucosereading reading
        ON reading.organization_id = sent.organization_id AND reading.patient_id = sent.patient_id
       AND reading.measured_at = sent.measured_at AND reading.device_id = sent.device_id
       AND reading.measured_at BETWEEN %(since)s AND %(until)s
), kept AS (
    INSERT INTO readings_amendment (organization_id, patient_id, device_id, measured_at, amended_at, reason, glucose,
                unit, range_flag, trend, rate, quality)
    SELECT organization_id, patient_id, device_id, measured_at, now(), reason, glucose, unit, range_flag, trend, rate,
           quality
      FROM before WHERE differs
), amended AS (
    UPDATE readings_glucosereading reading
       SET glucose = before.new_glucose, unit = before.new_unit, range_flag = before.new_range_flag,
           trend = before.new_trend, rate = before.new_rate, quality = before.new_quality
      FROM before
     WHERE before.differs AND reading.organization_id = before.organization_id
       AND reading.patient_id = before.patient_id AND reading.measured_at = before.measured_at
       AND reading.device_id = before.device_id AND reading.measured_at BETWEEN %(since)s AND %(until)s
)
SELECT organization_id, patient_id, device_id, measured_at, differs FROM before
"""


def amend(corrections: Sequence[Correction]) -> list[Amended]:
    """Amend readings of the organization in scope, in one transaction; see ``amend_steps``."""
    if not corrections:
        return []
    organization_ids = [required_organization_id()] * len(corrections)
    with transaction.atomic():
        return run_steps(amend_steps(corrections, organization_ids))


def amend_steps(corrections: Sequence[Correction], organization_ids: Sequence[int]) -> Steps[list[Amended]]:
    """Replace what these readings say; one result for each correction, in the order sent.

    UNCHANGED: the reading says so already, and no amendment is kept. UNKNOWN: there is none of that device and instant.
    Of several corrections of one reading the last one counts, and all have its result.
    """
    places = [
        (organization_id, correction.device_id, cut_to_milliseconds(correction.measured_at))
        for organization_id, correction in zip(organization_ids, corrections, strict=True)
    ]
    patients = yield from _patients(sorted(set(places)))
    yield from lock_states(sorted({(place[0], patient_id) for place, patient_id in patients.items()}))
    placed = {place: correction for place, correction in zip(places, corrections, strict=True) if place in patients}
    if not placed:
        return [Amended.UNKNOWN] * len(corrections)
    found = yield _AMEND, _columns(placed, patients)
    differs = {(organization, device, instant): changes for organization, _, device, instant, changes in found}
    changed: list[tuple[PatientKey, datetime]] = [
        ((organization, patient), instant) for organization, patient, _, instant, changes in found if changes
    ]
    if changed:
        yield from settle([key for key, _ in changed], [instant for _, instant in changed])
    return [_result(differs.get(place)) for place in places]


def _patients(places: Sequence[_Place]) -> Steps[dict[_Place, int]]:
    columns = zip(*places, strict=True)
    found = yield _PLACE, dict(zip(("organization_id", "device_id", "measured_at"), map(list, columns), strict=True))
    return {(organization, device, instant): patient for organization, device, instant, patient in found}


def _result(differs: bool | None) -> Amended:
    if differs is None:
        return Amended.UNKNOWN
    return Amended.AMENDED if differs else Amended.UNCHANGED


def _columns(corrections: Mapping[_Place, Correction], patients: Mapping[_Place, int]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        field.name: [getattr(correction, field.name) for correction in corrections.values()]
        for field in fields(Correction)
    }
    instants = [instant for _, _, instant in corrections]
    return {
        **columns,
        "organization_id": [organization_id for organization_id, _, _ in corrections],
        "patient_id": [patients[place] for place in corrections],
        "measured_at": instants,
        "since": min(instants),
        "until": max(instants),
    }
