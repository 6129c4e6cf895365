"""The clinic that is measured: any number of devices, each with a key, a patient and an assignment."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psycopg
from django.db import transaction

from accounts.principals import person_principal
from accounts.roles import Role
from accounts.services import add_member
from accounts.tokens import start_family
from devices.keys import generate_key
from tenancy.scope import Scope, organization_scope
from tenancy.services import create_organization

# Far above what the sequences give out, so that rows made through services never meet these.
FIRST_ID = 1_000_000

# A device and its patient have the same id: pgbench's scripts need only one variable.
MAKE_DEVICES = """
WITH sent AS (
    SELECT * FROM unnest(%(id)s::bigint[], %(prefix)s::text[], %(digest)s::bytea[]) AS row (id, prefix, digest)
), patient AS (
    INSERT INTO patients_patient (id, organization_id, public_id, code, first_name, last_name, gender,
                medical_record_number, email, phone, address, room, skin_tone, timezone, target_low, target_high,
                created_at, updated_at)
    SELECT id, %(organization)s, gen_random_uuid(), 'user_' || id, 'First', 'Last', 'unknown',
           ''::bytea, ''::bytea, ''::bytea, '', '', '', 'UTC', 70, 180, now(), now()
      FROM sent
), device AS (
    INSERT INTO devices_device (id, organization_id, public_id, public_number, code, name, kind, status,
                firmware_version, hardware_revision, reading_interval, created_at, updated_at)
    SELECT id, %(organization)s, gen_random_uuid(), floor(random() * 2^62)::bigint, 'ARGUS_' || id, '', 'argus',
           'active', '', '', 300, now(), now()
      FROM sent
), assignment AS (
    INSERT INTO devices_assignment (organization_id, public_id, device_id, patient_id, starts_at, note, created_at)
    SELECT %(organization)s, gen_random_uuid(), id, id, '2020-01-01Z', '', now() FROM sent
)
INSERT INTO devices_devicekey (organization_id, public_id, device_id, name, prefix, digest, created_at)
SELECT %(organization)s, gen_random_uuid(), id, '', prefix, digest, now() FROM sent
"""


@dataclass(frozen=True, slots=True)
class BenchmarkDevice:
    id: int
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


class BenchmarkClinic:
    def __init__(self) -> None:
        self.organization_id: int = create_organization(code="benchmark", name="Benchmark").id
        self._next_id = FIRST_ID

    @property
    def scope(self) -> Scope:
        return Scope(self.organization_id)

    def make_devices(self, count: int) -> list[BenchmarkDevice]:
        """In one statement, and with fresh statistics, since no plan should come from an empty table."""
        keys = [generate_key() for _ in range(count)]
        ids = list(range(self._next_id, self._next_id + count))
        self._next_id += count
        parameters = {
            "organization": self.organization_id,
            "id": ids,
            "prefix": [key.prefix for key in keys],
            "digest": [key.digest for key in keys],
        }
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
            connection.execute(MAKE_DEVICES, parameters)
            connection.execute("ANALYZE")
        return [BenchmarkDevice(id_, key.text) for id_, key in zip(ids, keys, strict=True)]

    def access_tokens(self, count: int) -> list[str]:
        """Of as many clinicians: one person may read 600 times a minute."""
        tokens = []
        for number in range(count):
            email = f"clinician{self._next_id}@benchmark.example"
            self._next_id += 1
            with organization_scope(self.organization_id), transaction.atomic():
                member = add_member(email=email, name=f"Clinician {number}", role=Role.CLINICIAN)
            principal = person_principal(member.user_public_id, self.organization_id)
            if principal is None:
                raise LookupError("a member who was just added has no access")
            tokens.append(start_family(principal=principal).access)
        return tokens

    def count_readings(self) -> int:
        """Asked as the owner, whom no policy could hide a row from."""
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
            row = connection.execute("SELECT count(*) FROM readings_glucosereading").fetchone()
        return int(row[0]) if row else 0
