"""The watch itself: what it lets pass and what it reports."""

from __future__ import annotations

import pytest

from tests.isolation.sql import unnamed_tables

NAMED = [
    'SELECT "patients_patient"."id" FROM "patients_patient" WHERE "patients_patient"."organization_id" = %s',
    'SELECT 1 FROM "patients_patient" WHERE ("patients_patient"."organization_id" = %s AND "code" = %s)',
    "SELECT 1 FROM devices_device d JOIN patients_patient p ON p.organization_id = d.organization_id "
    "WHERE d.organization_id = %s",
    'INSERT INTO "patients_patient" ("organization_id", "code") VALUES (%s, %s) RETURNING "patients_patient"."id"',
    "INSERT INTO readings_patientstate AS state (organization_id, patient_id) SELECT 1, 2",
    'UPDATE "devices_device" SET "name" = %s WHERE "devices_device"."organization_id" = %s',
    'DELETE FROM "devices_device" WHERE "devices_device"."organization_id" IN (%s)',
    "SELECT 1 FROM readings_glucosereading WHERE (organization_id, patient_id) IN ((1, 2))",
    "SELECT name FROM tenancy_organization",
    "SELECT 1 FROM devices_device WHERE organization_id = %s",
]
UNNAMED = [
    ('SELECT "patients_patient"."organization_id" FROM "patients_patient" WHERE "patients_patient"."id" = %s', 1),
    ("SELECT 1 FROM patients_patient", 1),
    ('SELECT 1 FROM "patients_patient" U0, devices_device U1 WHERE U1."organization_id" = 3', 1),
    (
        "SELECT 1 FROM devices_device JOIN patients_patient ON patients_patient.id = 1 "
        "WHERE devices_device.organization_id = 1",
        1,
    ),
    ("SELECT 1 FROM devices_device WHERE id IN (SELECT device_id FROM devices_assignment) AND organization_id = 1", 2),
    ('INSERT INTO "patients_patient" ("code") VALUES (%s)', 1),
    ('UPDATE "devices_device" SET "organization_id" = %s WHERE "devices_device"."id" = %s', 1),
    ("UPDATE devices_device SET organization_id = 3", 1),
    ('DELETE FROM "devices_device" WHERE "devices_device"."id" IN (%s)', 1),
    ("TRUNCATE devices_device", 1),
]


@pytest.mark.parametrize("statement", NAMED)
def test_a_statement_that_names_its_organization_passes(statement: str) -> None:
    assert unnamed_tables(statement) == ()


@pytest.mark.parametrize(("statement", "count"), UNNAMED)
def test_a_statement_that_does_not_is_reported(statement: str, count: int) -> None:
    assert len(unnamed_tables(statement)) == count
