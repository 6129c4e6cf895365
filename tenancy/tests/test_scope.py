from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from patients.models import Patient
from tenancy.scope import (
    Scope,
    ScopeError,
    current_organization_id,
    current_scope,
    include_patient,
    organization_scope,
    person_scope,
    required_organization_id,
    scoped,
)
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def setting(name: str = "app.organization_id") -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def test_another_scope_inside_a_scope_is_refused(northside: Clinic, southside: Clinic) -> None:
    with northside.scope():
        with pytest.raises(ScopeError, match="Another organization's scope is active"), southside.scope():
            pytest.fail("entered")
        assert current_organization_id() == northside.organization.id
        assert Patient.objects.count() == 2


def test_a_patient_of_the_same_clinic_is_another_scope(northside: Clinic) -> None:
    with (
        northside.scope(),
        pytest.raises(ScopeError),
        organization_scope(northside.organization.id, patient_id=northside.patients[0].id),
    ):
        pytest.fail("entered")


def test_the_same_scope_may_be_entered_again_and_ends_with_the_outer_one(northside: Clinic) -> None:
    with northside.scope():
        with northside.scope():
            assert Patient.objects.count() == 2
        assert Patient.objects.count() == 2
    assert current_scope() is None


def test_inside_a_transaction_it_sets_and_shuts_again(northside: Clinic, southside: Clinic) -> None:
    with transaction.atomic():
        for clinic in (northside, southside, northside):
            with clinic.scope():
                assert setting() == str(clinic.organization.id)
                assert setting("app.patient_id") == "*"
                assert {patient.organization_id for patient in Patient.objects.all()} == {clinic.organization.id}
            assert setting() == ""
            with pytest.raises(DatabaseError, match="invalid input syntax"), transaction.atomic():
                Patient.objects.count()


def test_an_error_inside_shuts_it_as_well(northside: Clinic) -> None:
    with pytest.raises(ZeroDivisionError), northside.scope():
        _ = 1 / 0
    assert current_scope() is None
    assert setting() == ""


def test_a_rolled_back_savepoint_keeps_the_scope(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            _ = 1 / 0
        assert setting() == str(northside.organization.id)
        assert Patient.objects.count() == 2


def test_a_scope_entered_inside_a_savepoint_that_fails_is_shut(northside: Clinic) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(), northside.scope():
            _ = 1 / 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Patient.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_later_transaction_of_the_scope_is_scoped_too(northside: Clinic) -> None:
    with northside.scope():
        for _ in range(2):
            with transaction.atomic():
                assert Patient.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_runs_on_commit_needs_a_scope_of_its_own(northside: Clinic) -> None:
    counted: list[int] = []

    def count_patients() -> None:
        with northside.scope(), transaction.atomic():
            counted.append(Patient.objects.count())

    with transaction.atomic():
        with northside.scope():
            transaction.on_commit(count_patients)
        transaction.on_commit(lambda: counted.append(-1) if current_scope() else None)

    assert counted == [2]


def test_a_persons_scope_opens_no_organization(northside: Clinic) -> None:
    with person_scope(northside.people["owner"].user_id):
        assert current_organization_id() is None
        with pytest.raises(DatabaseError), transaction.atomic():
            Patient.objects.count()


def test_work_that_needs_an_organization_says_so() -> None:
    with pytest.raises(ScopeError, match="run it inside organization_scope"):
        required_organization_id()


def test_statements_are_literals_of_numbers_only() -> None:
    """They are not parametrized, so nothing but a number may ever reach them."""
    assert Scope(7, 8, 9).statements() == [
        "SET LOCAL app.user_id = '8'",
        "SET LOCAL app.organization_id = '7'",
        "SET LOCAL app.patient_id = '9'",
    ]
    with pytest.raises(ValueError, match="invalid literal"):
        Scope("7'; SELECT '").statements()  # type: ignore[arg-type]


def test_limited_staff_see_their_patients_and_the_one_they_add(northside: Clinic) -> None:
    first, second = northside.patients
    with scoped(Scope(northside.organization.id, assigned_patients=(first.pk,))), transaction.atomic():
        assert list(Patient.objects.all()) == [first]
        include_patient(second.pk)
        assert set(Patient.objects.all()) == {first, second}
    assert current_scope() is None


def test_an_empty_list_of_patients_is_nobody_and_not_everybody(northside: Clinic) -> None:
    with scoped(Scope(northside.organization.id, assigned_patients=())), transaction.atomic():
        assert not Patient.objects.exists()


def test_including_a_patient_changes_nothing_for_those_who_see_all_or_have_no_scope(northside: Clinic) -> None:
    include_patient(northside.patients[0].pk)
    assert current_scope() is None
    with northside.scope() as scope, transaction.atomic():
        include_patient(northside.patients[0].pk)
        assert current_scope() == scope
