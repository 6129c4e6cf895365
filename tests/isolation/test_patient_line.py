"""The second line in the database: a patient's login sees the rows of one patient, whatever a view asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from django.db import DatabaseError, connection, transaction

from tenancy.scope import Scope, organization_scope, scoped
from tests.clinic_rows import add_rows_everywhere
from tests.clinics import Clinic
from tests.isolation import reviewed

pytestmark = [pytest.mark.django_db, pytest.mark.promise(2)]

PATIENTS_TABLES = {
    table: column for table in reviewed.TENANT_TABLES if (column := reviewed.patient_column(table)) is not None
}
STAFF_TABLES = [table for table, (line, _) in reviewed.TENANT_TABLES.items() if line == reviewed.STAFF_ONLY]


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    northside.store(101, 102, device=0)
    northside.store(201, 202, device=1)
    northside.summarise_and_amend()
    with northside.scope():
        add_rows_everywhere(northside, canaries=("first", "second"))
    return northside


def as_patient(clinic: Clinic) -> AbstractContextManager[Scope]:
    return organization_scope(clinic.organization.id, patient_id=clinic.patients[0].id)


def patients_seen(table: str) -> set[int | None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {PATIENTS_TABLES[table]} FROM {table}")
        return {patient_id for (patient_id,) in cursor.fetchall()}


@pytest.mark.parametrize("table", PATIENTS_TABLES)
def test_only_ones_own_rows_are_seen(table: str, clinic: Clinic) -> None:
    with clinic.scope():
        everybody = patients_seen(table)
    with as_patient(clinic):
        assert patients_seen(table) == {clinic.patients[0].id}
    assert len(everybody) > 1


@pytest.mark.parametrize("table", [table for table in PATIENTS_TABLES if table != "patients_patient"])
def test_rows_of_another_patient_cannot_be_written(table: str, clinic: Clinic) -> None:
    other = clinic.patients[1].id
    with (
        pytest.raises(DatabaseError, match=r"row-level security|permission denied"),
        transaction.atomic(),
        as_patient(clinic),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {table} SET patient_id = %s", [other])


def test_without_word_of_a_patient_the_rows_are_shut(clinic: Clinic) -> None:
    """An organization alone is not enough: who asks is staff (``*``) or one patient."""
    for table in PATIENTS_TABLES:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL app.organization_id = '{clinic.organization.id}'")
            with pytest.raises(DatabaseError, match=r"app\.patient_id|invalid input syntax"), transaction.atomic():
                cursor.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize("table", STAFF_TABLES)
def test_rows_of_the_staff_alone_are_shut_for_patients(table: str, clinic: Clinic) -> None:
    with clinic.scope(), connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")
        assert cursor.fetchone() == (True,)
    with as_patient(clinic), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (0,)


def limited_to(clinic: Clinic, *patients: int) -> AbstractContextManager[Scope]:
    return scoped(Scope(clinic.organization.id, assigned_patients=patients))


@pytest.mark.parametrize("table", reviewed.LIMITED_TABLES)
def test_staff_limited_to_their_patients_see_no_others(table: str, clinic: Clinic) -> None:
    first, second = (patient.id for patient in clinic.patients[:2])
    with limited_to(clinic, second):
        assert patients_seen(table) == {second}
    with limited_to(clinic, first, second):
        assert {first, second} <= patients_seen(table)
    with limited_to(clinic):
        assert patients_seen(table) == set()


def test_staff_limited_to_their_patients_see_their_colleagues(clinic: Clinic) -> None:
    with limited_to(clinic), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_membership")
        assert cursor.fetchone() == (len(clinic.people),)
