from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from audit.models import Entry
from patients.models import HistoryEntry
from patients.services import change_patient
from tenancy.encryption.shredding import shred_patient
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def page(clinic: Clinic, suffix: str = "") -> str:
    return f"/admin/patients/patient/{clinic.patients[0].pk}/{suffix}"


def looks(clinic: Clinic) -> int:
    with clinic.scope(), transaction.atomic():
        count: int = Entry.objects.filter(object_type="patients.history", object_id="user_5678").count()
    return count


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


@pytest.mark.promise(56)
def test_the_patients_page_shows_it_to_those_who_care_and_each_time_is_a_look(northside: Clinic) -> None:
    nurse, viewer = northside.admin("nurse"), northside.admin("viewer")
    for seen in (1, 2):
        assert "Severe asthma" in text_of(nurse.get(page(northside)))
        assert looks(northside) == seen
    shown = text_of(viewer.get(page(northside)))
    assert "asthma" not in shown
    assert "Medical history" not in shown
    assert looks(northside) == 2
    assert viewer.get(page(northside, "medical-history/")).status_code == 403


def test_an_entry_is_added_and_shown_as_it_was_written(northside: Clinic) -> None:
    nurse = northside.admin("nurse")
    sent = {"kind": "allergy", "text": "Penicillin <b>\nrash"}
    assert nurse.post(page(northside, "medical-history/"), sent).status_code == 302
    shown = text_of(nurse.get(page(northside, "medical-history/")))
    assert "Penicillin &lt;b&gt;<br>rash" in shown
    assert northside.people["nurse"].name in shown
    assert "This field is required" in text_of(nurse.post(page(northside, "medical-history/"), {"kind": "note"}))
    with northside.scope(), transaction.atomic():
        assert HistoryEntry.objects.of_patient(northside.patients[0]).count() == 2


def test_an_entry_is_amended_and_what_it_said_before_stays_readable(northside: Clinic) -> None:
    nurse, address = northside.admin("nurse"), page(northside, "medical-history/")
    with northside.scope(), transaction.atomic():
        (entry,) = HistoryEntry.objects.of_patient(northside.patients[0])
        before = entry.text
    name = str(entry.public_id)
    empty = {"entry": name, f"{name}-kind": "condition", f"{name}-text": ""}
    assert "This field is required" in text_of(nurse.post(address, empty))
    assert nurse.post(address, empty | {f"{name}-text": "Mild asthma"}).status_code == 302
    shown = text_of(nurse.get(address))
    assert "Mild asthma" in shown
    assert before in shown.partition("What it said before")[2]
    assert before not in text_of(nurse.get(page(northside)))
    with northside.scope(), transaction.atomic():
        (entry,) = HistoryEntry.objects.of_patient(northside.patients[0])
        assert (entry.text, entry.amended_at is None) == ("Mild asthma", False)
    assert northside.admin("viewer").post(address, empty).status_code == 403
    for missing in ("no-uuid", "00000000-0000-4000-8000-000000000000"):
        assert nurse.post(address, {"entry": missing}).status_code == 404


def test_destroyed_entries_say_so_and_nothing_can_be_added(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        shred_patient(code="user_5678", reason="a test")
    nurse = northside.admin("nurse")
    for suffix in ("", "medical-history/"):
        assert "Destroyed with the patient" in text_of(nurse.get(page(northside, suffix)))
    answer = nurse.post(page(northside, "medical-history/"), {"kind": "note", "text": "x"})
    assert "keys of this patient were destroyed" in text_of(answer)
    assert nurse.get(page(northside, "change/")).status_code == 200


@pytest.mark.parametrize("search", ["MRN-42", "+49 30 4242", "ada@nowak.example"])
def test_search_boxes_find_exact_identifiers(northside: Clinic, southside: Clinic, search: str) -> None:
    values = {"medical_record_number": "MRN-42", "phone": "+49304242", "email": "Ada@Nowak.example"}
    with northside.scope(), transaction.atomic():
        change_patient(patient=northside.patients[0], changes=values)
    for clinic, is_found in ((northside, True), (southside, False)):
        admin = clinic.admin("nurse")
        for address, name in (("/admin/patients/patient/", "q"), ("/admin/search/", "s")):
            assert ("user_5678" in text_of(admin.get(address, {name: search}))) == is_found
            assert "user_9012" not in text_of(admin.get(address, {name: search}))


def test_the_form_seals_and_refuses_a_taken_record_number(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        change_patient(patient=northside.patients[1], changes={"medical_record_number": "MRN-42"})
    nurse = northside.admin("nurse")
    form = nurse.get(page(northside, "change/")).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value is not None}
    answer = nurse.post(page(northside, "change/"), {**sent, "medical_record_number": "mrn-42"})
    assert "A patient with this medical record number exists already." in text_of(answer)
    assert nurse.post(page(northside, "change/"), {**sent, "medical_record_number": "MRN-43"}).status_code == 302
    with northside.scope(), transaction.atomic():
        northside.patients[0].refresh_from_db()
        assert northside.patients[0].medical_record_number == "MRN-43"
