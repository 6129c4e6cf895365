"""What the data plane's database role can do: nothing without named organizations, and nothing beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import transaction
from psycopg import errors, sql

from edge.database import scope_statement
from tenancy import roles
from tests.clinic_rows import add_rows_everywhere
from tests.clinics import Clinic
from tests.isolation.reviewed import DEFINER_FUNCTIONS, EDGE_TABLES, GLOBAL_TABLES, TENANT_TABLES

pytestmark = [pytest.mark.django_db, pytest.mark.promise(1, 3, 4)]
# The data plane's own connections see only what is committed.
committed = pytest.mark.django_db(transaction=True)
ANY_ORGANIZATION = 1

# The ledger is only ever added to.
# It adds to these two, and reads nothing of them.
READABLE = tuple(table for table in EDGE_TABLES if table not in ("audit_entry", "devices_commandstep"))
SHUT = tuple(table for table in (*TENANT_TABLES, *GLOBAL_TABLES) if table not in EDGE_TABLES)
SECRETS = {
    "patients_patient": ("first_name", "last_name", "email", "birth_date", "medical_record_number"),
    "accounts_membership": ("name", "email", "phone", "role"),
    "devices_devicekey": ("digest", "name", "prefix"),
    "devices_device": ("name", "serial_number"),
    "audit_entry": ("organization_id", "actor_name", "patient_id"),
}
VALUES = ("glucose", "unit", "range_flag", "trend", "rate", "confidence", "sensor_data", "measured_at", "patient_id")
POLICY = "organization_id = ANY (current_setting('app.organization_ids')::bigint[])"


@contextmanager
def data_plane(*organization_ids: int) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_EDGE_URL"]) as connection:
        if organization_ids:
            connection.execute(scope_statement(organization_ids))
        yield connection
        connection.rollback()


def organizations_in(connection: psycopg.Connection, table: str) -> set[int]:
    statement = sql.SQL("SELECT DISTINCT organization_id FROM {}").format(sql.Identifier(table))
    return {number for (number,) in connection.execute(statement)}


def ids_of(*clinics: Clinic) -> tuple[int, ...]:
    for clinic in clinics:
        clinic.store(100, 101, 102)
        clinic.summarise_and_amend()
        with clinic.scope(), transaction.atomic():
            add_rows_everywhere(clinic, canaries=("one", "other"))
    return tuple(clinic.organization.id for clinic in clinics)


def faults_of_the_line(table: str, north: int, south: int) -> list[str]:
    """What is wrong with whose rows the role sees in a table where both clinics have rows."""
    faults = []
    for named in ((north,), (south,), (north, south)):
        with data_plane(*named) as connection:
            if (seen := organizations_in(connection, table)) != set(named):
                faults.append(f"with {named} it sees {seen}")
    return faults


@committed
def test_rows_of_the_named_organizations_and_no_others(northside: Clinic, southside: Clinic) -> None:
    north, south = ids_of(northside, southside)
    assert {table: faults_of_the_line(table, north, south) for table in READABLE} == {table: [] for table in READABLE}


@committed
def test_without_named_organizations_it_is_an_error(northside: Clinic) -> None:
    (north,) = ids_of(northside)
    for table in READABLE:
        with data_plane() as connection:
            with pytest.raises(errors.UndefinedObject, match=r"app\.organization_ids"):
                organizations_in(connection, table)
            # The setting is known from now on, and empty after the transaction that named organizations.
            connection.rollback()
            connection.execute(scope_statement([north]))
            assert organizations_in(connection, table) == {north}
            connection.commit()
            with pytest.raises(errors.InvalidTextRepresentation, match="malformed array literal"):
                organizations_in(connection, table)


@committed
def test_a_broken_policy_is_seen(northside: Clinic, southside: Clinic) -> None:
    """Open it shows everything, dropped it shows nothing: the comparison above goes red either way."""
    north, south = ids_of(northside, southside)
    for table in READABLE:
        for broken in ("USING (true)", None):
            with broken_policy(table, broken):
                assert len(faults_of_the_line(table, north, south)) >= 2, (table, broken)
        assert faults_of_the_line(table, north, south) == []


@contextmanager
def broken_policy(table: str, broken: str | None) -> Iterator[None]:
    """Committed, since the data plane has a connection of its own; made anew in the end."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(f"DROP POLICY data_plane ON {table}")
        try:
            if broken:
                owner.execute(f"CREATE POLICY data_plane ON {table} TO {roles.EDGE} {broken}")
            yield
        finally:
            owner.execute(f"DROP POLICY IF EXISTS data_plane ON {table}")
            owner.execute(f"CREATE POLICY data_plane ON {table} TO {roles.EDGE} USING ({POLICY}) WITH CHECK ({POLICY})")


@pytest.mark.parametrize("table", SHUT)
def test_other_tables_are_shut(table: str) -> None:
    with data_plane(ANY_ORGANIZATION) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize(("table", "column"), [(table, name) for table, names in SECRETS.items() for name in names])
def test_names_secrets_and_the_ledger_cannot_be_read(table: str, column: str) -> None:
    with data_plane(ANY_ORGANIZATION) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(f"SELECT {column} FROM {table}")


def test_the_columns_that_are_shut_exist() -> None:
    """Otherwise the refusals above would only show misspelt names."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        for table, columns in {**SECRETS, "readings_glucosereading": VALUES}.items():
            owner.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0")


@pytest.mark.parametrize("column", VALUES)
def test_what_was_measured_cannot_be_changed(column: str) -> None:
    with data_plane(ANY_ORGANIZATION) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(f"UPDATE readings_glucosereading SET {column} = {column}")


# What a device tells of itself: its oldest lines go in the statement that stores new ones beyond the bound.
REMOVES = {("DELETE FROM {}", "devices_devicelog")}
REMOVALS = [(statement, table) for statement in ("DELETE FROM {}", "TRUNCATE {}") for table in EDGE_TABLES]


@pytest.mark.parametrize(("statement", "table"), [each for each in REMOVALS if each not in REMOVES])
def test_nothing_can_be_removed(statement: str, table: str) -> None:
    with data_plane(ANY_ORGANIZATION) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.format(table))


INSERTS = {
    "readings_glucosereading": "(organization_id, patient_id, device_id, measured_at, received_at, glucose, unit,"
    " range_flag, is_copy)"
    " VALUES (%(organization)s, %(patient)s, %(device)s, now(), now(), 100, 1, 0, false)",
    "readings_dirtyday": "(organization_id, patient_id, day) VALUES (%(organization)s, %(patient)s, current_date)",
    "audit_entry": "(organization_id, actor_kind, actor_id, actor_name, actor_role, action, object_type, object_id,"
    " session, request_id, reason, outcome, count)"
    " VALUES (%(organization)s, 'person', '', '', '', 'read', '', '', '', '', '', 'done', 1)",
}


@committed
@pytest.mark.parametrize("table", INSERTS)
def test_rows_are_added_to_the_named_organizations_only(table: str, northside: Clinic, southside: Clinic) -> None:
    statement = f"INSERT INTO {table} {INSERTS[table]}"
    with data_plane(northside.organization.id) as connection:
        connection.execute(statement, owners(northside))
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(statement, owners(southside))


@committed
def test_a_reading_cannot_name_another_clinics_patient_or_device(northside: Clinic, southside: Clinic) -> None:
    """Not even where both are named: the keys between the tables hold the clinic."""
    statement = f"INSERT INTO readings_glucosereading {INSERTS['readings_glucosereading']}"
    for name in ("patient", "device"):
        with data_plane(northside.organization.id, southside.organization.id) as connection:
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(errors.ForeignKeyViolation):
                connection.execute(statement, {**owners(northside), name: owners(southside)[name]})


def owners(clinic: Clinic) -> dict[str, Any]:
    return {
        "organization": clinic.organization.id,
        "patient": clinic.patients[0].pk,
        "device": clinic.devices[0].pk,
    }


@committed
@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("readings_patientstate", "glucose = 100"),
        ("readings_glucosereading", "is_copy = true"),
        ("devices_device", "battery_level = 1"),
        ("devices_devicekey", "last_used_at = now()"),
    ],
)
def test_rows_of_others_are_not_changed(table: str, changes: str, northside: Clinic, southside: Clinic) -> None:
    north, south = ids_of(northside, southside)
    with data_plane(north) as connection:
        changed = connection.execute(f"UPDATE {table} SET {changes} RETURNING organization_id").fetchall()
        assert {number for (number,) in changed} == {north}
        assert connection.execute(f"UPDATE {table} SET {changes} WHERE organization_id = {south}").rowcount == 0


def test_only_its_own_look_ups_can_be_asked() -> None:
    question = "SELECT name FROM unnest(%s::text[]) name WHERE has_function_privilege(%s, name, 'EXECUTE')"
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        found = {name for (name,) in owner.execute(question, [list(DEFINER_FUNCTIONS), roles.EDGE])}
    in_browsers = "accounts_in_browsers(uuid[],bigint[],interval,interval)"
    assert found == {"accounts_signed_in(uuid[])", "devices_live_keys(bytea[])", in_browsers}


def test_it_cannot_become_another_role() -> None:
    for role in (roles.APP, roles.OWNER, roles.LOOKUP, roles.SUPPORT):
        with data_plane() as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SET ROLE {role}")
