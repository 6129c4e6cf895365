"""Sealed fields of a patient: as Python, the database, forms and bulk operations see them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.core.serializers import serialize
from django.db import connection, transaction
from django.db.models import F

from patients.models import Patient
from patients.services import change_patient, create_patient
from tenancy.encryption.cache import KEYS
from tenancy.encryption.errors import Shredded, TamperedError
from tenancy.managers import audited_elsewhere
from tenancy.models import DataKey
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
NEW: dict[str, Any] = {"first_name": "Ada", "last_name": "Nowak"}


@pytest.fixture
def clinic(northside: Clinic) -> Any:
    with northside.scope(), transaction.atomic():
        yield northside


@pytest.fixture
def ada(clinic: Clinic) -> Patient:
    create_patient(code="ada", phone="+49 30 1234", email="ada@nowak.example", medical_record_number="MRN-7", **NEW)
    patient: Patient = Patient.objects.get(code="ada")
    return patient


def stored(patient: Patient, column: str = "phone") -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM patients_patient WHERE id = %s", [patient.pk])
        return bytes(cursor.fetchone()[0])


def held(patient: Patient, name: str = "phone") -> Any:
    return patient.__dict__[name]


def test_python_sees_text_and_the_column_does_not_hold_it(ada: Patient) -> None:
    assert (ada.phone, ada.email, ada.medical_record_number) == ("+49 30 1234", "ada@nowak.example", "MRN-7")
    assert stored(ada)[0] == 1
    assert b"1234" not in stored(ada)
    assert len(stored(ada)) == 33 + len("+49 30 1234")


def test_nothing_is_opened_before_it_is_read(ada: Patient) -> None:
    assert held(ada).text is None
    assert "1234" not in repr(held(ada))
    assert ada.phone
    assert "1234" not in repr(ada.__dict__)


def test_unchanged_values_are_not_sealed_again(ada: Patient) -> None:
    before = stored(ada)
    ada.phone = "+49 30 1234"
    ada.room = "7"
    ada.save()
    assert stored(ada) == before
    ada.refresh_from_db()
    ada.save()
    assert stored(ada) == before
    ada.phone = "+49 30 9999"
    ada.save(update_fields=["phone"])
    assert stored(ada) != before
    assert Patient.objects.get(pk=ada.pk).phone == "+49 30 9999"


def test_empty_needs_no_key_and_is_not_none(clinic: Clinic, ada: Patient) -> None:
    plain = create_patient(code="plain", **NEW)
    assert (plain.phone, stored(plain)) == ("", b"")
    assert not DataKey.objects.filter(patient_id=plain.pk).exists()
    ada.phone = ""
    ada.save()
    assert (stored(ada), ada.phone_index) == (b"", None)


def test_an_assignment_that_is_taken_back_is_no_change(ada: Patient) -> None:
    before = stored(ada)
    ada.phone = "another"
    ada.phone = "+49 30 1234"
    ada.save()
    assert stored(ada) == before


def test_queries_give_sealed_values_and_deferred_ones_open(ada: Patient) -> None:
    assert repr(Patient.objects.filter(pk=ada.pk).values_list("phone", flat=True)[0]) == "<sealed>"
    assert Patient.objects.only("code").get(pk=ada.pk).phone == "+49 30 1234"
    assert Patient.objects.defer("phone").get(pk=ada.pk).phone == "+49 30 1234"


@pytest.mark.parametrize("lookup", ["phone", "phone__contains", "phone__in", "phone__lower"])
def test_what_a_value_is_cannot_be_asked(ada: Patient, lookup: str) -> None:
    with pytest.raises(FieldError, match="SealedTextField"):
        Patient.objects.filter(**{lookup: ["+49 30 1234"]}).exists()


@pytest.mark.parametrize("value", ["+49 30 1", None, "other field"])
def test_queries_do_not_write_them(ada: Patient, value: Any) -> None:
    with audited_elsewhere("a test"), pytest.raises(FieldError, match="assign it there and save the row"):
        Patient.objects.update(phone=F("email") if value == "other field" else value)


def test_rows_made_in_bulk_are_sealed(clinic: Clinic) -> None:
    with audited_elsewhere("a test"), pytest.raises(FieldError, match="names none yet"):
        Patient.objects.bulk_create([Patient(code="b", phone="1", **NEW)])


def test_they_are_not_pickled_or_dumped(ada: Patient) -> None:
    assert copy.deepcopy(ada).phone == "+49 30 1234"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(ada)
    with pytest.raises(TypeError, match="not dumped"):
        serialize("json", [ada])


def test_a_value_does_not_move_to_another_row(clinic: Clinic, ada: Patient) -> None:
    other = create_patient(code="other", **NEW)
    other.phone = ada.phone
    other.save()
    assert stored(other) != stored(ada)
    assert Patient.objects.get(pk=other.pk).phone == "+49 30 1234"


def test_a_stale_row_does_not_bring_a_replaced_key_back(ada: Patient) -> None:
    """Rotation put another key in the place of the one that this row was read with."""
    before = stored(ada)
    DataKey.objects.filter(patient_id=ada.pk, purpose="record").update(is_active=False)
    ada.save()
    assert stored(ada)[1:5] != before[1:5]
    assert Patient.objects.get(pk=ada.pk).phone == "+49 30 1234"


def test_blind_indexes_find_exactly(ada: Patient) -> None:
    found = Patient.objects.identified_by
    assert [found("phone", text).count() for text in ("+49 30 1234", "+49-30-1234", "+49 30 123")] == [1, 1, 0]
    assert [found("email", text).count() for text in (" ADA@Nowak.example", "nowak.example")] == [1, 0]
    assert found("medical_record_number", "mrn-7").get() == ada
    change_patient(patient=ada, changes={"phone": "+49 30 5678"})
    assert [found("phone", text).count() for text in ("+49 30 1234", "+49 30 5678")] == [0, 1]


@pytest.mark.promise(33)
def test_blind_indexes_differ_between_clinics_and_fields(northside: Clinic, southside: Clinic) -> None:
    seen = set()
    for clinic in (northside, southside):
        with clinic.scope(), transaction.atomic():
            made = create_patient(code="same", phone="123456", medical_record_number="123456", **NEW)
            seen |= {bytes(made.phone_index), bytes(made.medical_record_number_index)}
    assert len(seen) == 4


def test_shredded_values_are_gone_and_the_row_can_be_saved(ada: Patient) -> None:
    DataKey.objects.filter(patient_id=ada.pk).update(wrapped=None)
    KEYS.forget()
    fresh = Patient.objects.get(pk=ada.pk)
    with pytest.raises(Shredded):
        _ = fresh.phone
    fresh.room = "7"
    fresh.save(update_fields=["room"])
    fresh.phone = "new"
    with pytest.raises(Shredded):
        fresh.save(update_fields=["phone"])


def test_an_emptied_column_of_a_required_field_is_tampering(ada: Patient) -> None:
    field = Patient._meta.get_field("phone")
    object.__setattr__(field, "blank", False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE patients_patient SET phone = '' WHERE id = %s", [ada.pk])
        with pytest.raises(TamperedError):
            _ = Patient.objects.get(pk=ada.pk).phone
    finally:
        object.__setattr__(field, "blank", True)
