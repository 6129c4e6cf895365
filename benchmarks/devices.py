"""Devices with keys, patients and assignments, in one statement each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle

import psycopg

from devices.keys import generate_key

# A device and its patient have the same id: pgbench's scripts need only one variable.
MAKE_DEVICES = """
WITH sent AS (
    SELECT * FROM unnest(%(organization_id)s::bigint[], %(id)s::bigint[], %(prefix)s::text[], %(digest)s::bytea[])
               AS row (organization_id, id, prefix, digest)
), patient AS (
    INSERT INTO patients_patient (id, organization_id, public_id, code, first_name, last_name, gender,
                medical_record_number, email, phone, address, room, skin_tone, timezone, target_low, target_high,
                created_at, updated_at)
    SELECT id, organization_id, gen_random_uuid(), 'user_' || id, 'First', 'Last', 'unknown',
           ''::bytea, ''::bytea, ''::bytea, '', '', '', 'UTC', 70, 180, now(), now()
      FROM sent
), device AS (
    INSERT INTO devices_device (id, organization_id, public_id, public_number, code, name, kind, status,
                firmware_version, hardware_revision, reading_interval, created_at, updated_at)
    SELECT id, organization_id, gen_random_uuid(), floor(random() * 2^62)::bigint, 'ARGUS_' || id, '', 'argus',
           'active', '', '', 300, now(), now()
      FROM sent
), assignment AS (
    INSERT INTO devices_assignment (organization_id, public_id, device_id, patient_id, starts_at, note, created_at)
    SELECT organization_id, gen_random_uuid(), id, id, '2020-01-01Z', '', now() FROM sent
)
INSERT INTO devices_devicekey (organization_id, public_id, device_id, name, prefix, digest, created_at)
SELECT organization_id, gen_random_uuid(), id, '', prefix, digest, now() FROM sent
"""
TABLES = (
    "patients_patient", "devices_device", "devices_assignment", "devices_devicekey",
    "readings_glucosereading", "readings_patientstate",
)  # fmt: skip
COUNT = "SELECT count(*) FROM readings_glucosereading WHERE measured_at >= %s::timestamptz"
FIRST_READINGS = """
WITH stored AS (
    INSERT INTO readings_glucosereading (organization_id, patient_id, measured_at, device_id, glucose, unit, range_flag,
                quality, confidence, battery_level, is_copy, received_at)
    SELECT organization_id, id, %(instant)s, id, 118, 1, 0, 2, 0.95, 80, false, %(instant)s
      FROM devices_device WHERE id BETWEEN %(first)s AND %(last)s
    RETURNING *
)
INSERT INTO readings_patientstate (organization_id, patient_id, device_id, measured_at, glucose, unit, range_flag,
            quality, trend, confidence, battery_level, received_at)
SELECT organization_id, patient_id, device_id, measured_at, glucose, unit, range_flag, quality, 8, confidence,
       battery_level, received_at
  FROM stored
"""


@dataclass(frozen=True, slots=True)
class BenchmarkDevice:
    id: int
    organization_id: int
    key: str

    @property
    def code(self) -> str:
        return f"ARGUS_{self.id}"

    @property
    def patient_id(self) -> int:
        return self.id

    @property
    def patient_code(self) -> str:
        return f"user_{self.id}"


def insert_devices(
    ids: range, organization_ids: Sequence[int], *, first_reading: datetime | None = None
) -> list[BenchmarkDevice]:
    """With fresh statistics, since no plan should come from an empty table. The clinics take turns.

    ``first_reading``: when every patient was measured first, so that a post finds a state as it does all day.
    """
    keys = [generate_key() for _ in ids]
    clinics = [clinic for _, clinic in zip(ids, cycle(organization_ids), strict=False)]
    parameters = {
        "organization_id": clinics,
        "id": list(ids),
        "prefix": [key.prefix for key in keys],
        "digest": [key.digest for key in keys],
    }
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute(MAKE_DEVICES, parameters)
        if first_reading is not None:
            connection.execute(FIRST_READINGS, {"instant": first_reading, "first": ids[0], "last": ids[-1]})
        connection.execute(f"ANALYZE {', '.join(TABLES)}".encode())
    return [BenchmarkDevice(id_, clinic, key.text) for id_, clinic, key in zip(ids, clinics, keys, strict=True)]


def count_readings(since: datetime | None = None) -> int:
    """Asked as the owner, whom no policy could hide a row from. ``since``: when they were measured."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        row = connection.execute(COUNT, [since or "-infinity"]).fetchone()
    return int(row[0]) if row else 0
