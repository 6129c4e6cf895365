"""No scope is an error, never rows and never an empty list: on each protected table, with a row in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.seals.sealing import seal_organization
from tests.clinic_rows import add_rows_everywhere
from tests.clinics import Clinic
from tests.isolation import catalogue, reviewed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database_portability, pytest.mark.promise(5)]

PROTECTED = [*reviewed.TENANT_TABLES, "tenancy_organization"]


@pytest.fixture
def filled(northside: Clinic) -> Clinic:
    northside.store(101, 102, 103)
    northside.summarise_and_amend()
    with northside.scope():
        with transaction.atomic():
            add_rows_everywhere(northside, canaries=("first", "second"))
        seal_organization()
    return northside


@pytest.fixture
def fresh_cursor() -> Iterator[Any]:
    """On a connection that has never had a scope."""
    other = connection.copy()
    with other.cursor() as cursor:
        yield cursor
    other.close()


def test_every_protected_table_has_a_row(filled: Clinic) -> None:
    with filled.scope(), transaction.atomic(), connection.cursor() as cursor:
        for table in PROTECTED:
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")
            assert cursor.fetchone() == (True,), table


def test_a_connection_that_never_had_a_scope_is_refused(filled: Clinic, fresh_cursor: Any) -> None:
    for table in PROTECTED:
        with pytest.raises(DatabaseError, match="unrecognized configuration parameter"):
            fresh_cursor.execute(f"SELECT count(*) FROM {table}")


def test_a_connection_that_had_a_scope_is_refused_afterwards(filled: Clinic) -> None:
    with filled.scope(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    for table in PROTECTED:
        with pytest.raises(DatabaseError, match="invalid input syntax for type bigint"), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")


def test_a_scope_outside_a_transaction_is_refused(filled: Clinic) -> None:
    """SET LOCAL lives in a transaction; in autocommit there is none, and nothing is shown."""
    for table in PROTECTED:
        with filled.scope(), pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")


def test_the_account_table_is_shut_without_a_person(filled: Clinic, fresh_cursor: Any) -> None:
    with pytest.raises(DatabaseError, match="unrecognized configuration parameter"):
        fresh_cursor.execute("SELECT count(*) FROM accounts_user")


def test_writes_without_a_scope_are_refused(filled: Clinic, fresh_cursor: Any) -> None:
    for table, (_, grants) in reviewed.TENANT_TABLES.items():
        with pytest.raises(DatabaseError):
            fresh_cursor.execute(f"INSERT INTO {table} (organization_id) VALUES ({filled.organization.id})")
        if "UPDATE" in grants:
            with pytest.raises(DatabaseError, match="unrecognized configuration parameter"):
                fresh_cursor.execute(f"UPDATE {table} SET organization_id = organization_id")


def test_rows_cannot_be_written_for_or_moved_to_another_organization(filled: Clinic, southside: Clinic) -> None:
    other = southside.organization.id
    for table, (_, grants) in reviewed.TENANT_TABLES.items():
        if "UPDATE" in grants:
            with (
                pytest.raises(DatabaseError, match="row-level security"),
                filled.scope(),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"UPDATE {table} SET organization_id = %s", [other])


def test_partitions_reached_by_name_answer_nothing(filled: Clinic) -> None:
    names = catalogue.partitions()
    assert len(names) > 12
    for name in names:
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            filled.scope(),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SELECT count(*) FROM {name}")
