from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db import transaction

from audit.actions import Action
from audit.admin import AuditedAdmin
from audit.models import Entry
from audit.services import record
from patients.services import change_patient
from tenancy.models import Organization
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db]
LEDGER, EXPORT = "/admin/audit/", "/admin/audit/export/"


def entries(clinic: Clinic, **wanted: Any) -> list[Entry]:
    with clinic.scope(), transaction.atomic():
        return list(Entry.objects.filter(**wanted).newest_first())


def html(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_every_registered_page_tells_the_ledger() -> None:
    assert [type(page).__name__ for page in admin.site._registry.values() if not isinstance(page, AuditedAdmin)] == []


@pytest.mark.promise(56)
def test_who_saw_this_patient(northside: Clinic, southside: Clinic) -> None:
    northside.admin("nurse").get(f"/admin/patients/patient/{northside.patients[0].pk}/")
    southside.admin("nurse").get(f"/admin/patients/patient/{southside.patients[0].pk}/")
    page = html(northside.admin("owner").get(LEDGER, {"patient": "user_5678", "action": "read"}))

    assert "Who saw Last Northside" in page
    assert "Nurse CANARY-NORTH" in page
    assert "CANARY-SOUTH" not in page
    assert "No entries match" in html(northside.admin("owner").get(LEDGER, {"patient": "user_9012", "action": "read"}))
    assert "no patient with this code" in html(northside.admin("owner").get(LEDGER, {"patient": "user_none"}))


@pytest.mark.promise(56)
def test_a_refused_form_shows_the_record_and_leaves_a_look(northside: Clinic) -> None:
    patient = northside.patients[0]
    page = f"/admin/patients/patient/{patient.pk}/change/"
    sent = {"code": "user_other", "first_name": "", "last_name": ""}
    assert "This field is required" in html(northside.admin("nurse").post(page, sent))

    (look,) = entries(northside, action=Action.READ, object_type="patients.patient")
    assert (look.object_id, look.patient_id, look.patient_ids) == ("user_5678", patient.pk, None)


@pytest.mark.promise(56)
def test_what_this_person_did(northside: Clinic) -> None:
    northside.admin("nurse").get(f"/admin/patients/patient/{northside.patients[0].pk}/")
    nurse, viewer = (str(northside.people[role].user_public_id) for role in ("nurse", "viewer"))
    owner = northside.admin("owner")

    page = html(owner.get(LEDGER, {"person": nurse, "action": "read"}))
    assert "What Nurse CANARY-NORTH did" in page
    assert "user_5678" in page
    assert "No entries match" in html(owner.get(LEDGER, {"person": viewer, "action": "read"}))


def test_the_history_shows_old_and_new_values_in_order_and_opens_sealed_ones(northside: Clinic) -> None:
    changes = {"room": "12b", "phone": "+49 30 901820", "last_name": "Anders"}
    with northside.scope(), transaction.atomic():
        change_patient(patient=northside.patients[0], changes=changes)
    (entry,) = entries(northside, action=Action.UPDATE, object_type="patients.patient")
    assert [field for field, _, _ in entry.changes] == list(changes)
    assert "901820" not in str(entry.changes)

    page = html(northside.admin("owner").get(LEDGER, {"type": "patients.patient", "object": "user_5678"}))
    assert "History of patient user_5678" in page
    places = [page.index(text) for text in ("room: CANARY-NORTH → 12b", "+49 30 901820", "→ Anders")]
    assert places == sorted(places)


def test_entries_are_told_in_words_and_in_the_clinics_time(northside: Clinic) -> None:
    nurse = northside.people["nurse"]
    with northside.scope(), transaction.atomic():
        Organization.objects.filter(pk=northside.organization.pk).update(timezone="Asia/Tokyo")
        changes = {
            "is_active": (True, False),
            "phone": ("", "0190"),
            "last_used_at": (None, "2026-05-01T20:30:00+00:00"),
        }
        name = str(nurse.user_public_id)
        record(action=Action.UPDATE, object_type="accounts.membership", object_id=name, changes=changes)

    page = html(northside.admin("owner").get(LEDGER, {"type": "accounts.membership", "object": name}))
    assert f"History of member {nurse.name}" in page
    assert f"member {nurse.name}</span>" in page
    assert "accounts.membership" not in page.partition("<thead>")[2]
    assert "active: yes → no" in page
    assert "phone: nothing → 0190" in page
    assert "2 May 2026, 05:30:00" in page


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer"])
def test_only_those_who_answer_for_the_clinic_read_it(northside: Clinic, role: str) -> None:
    for address in (LEDGER, EXPORT):
        assert northside.admin(role).get(address).status_code == 403
    assert {entry.object_type for entry in entries(northside, action=Action.DENIED)} >= {"admin:ledger"}


def test_the_clinics_days_and_pages(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.ledger_page.SIZE", 4)
    owner = northside.admin("owner")
    seen: list[int] = []
    query = {"action": "create"}
    for _ in range(20):
        context = owner.get(LEDGER, query).context
        seen += [row["entry"].id for row in context["rows"]]
        if not context["next"]:
            break
        query = dict(part.split("=", 1) for part in context["next"].replace("%3A", ":").replace("%2B", "+").split("&"))
        query["after"] = query["after"].replace("%7E", "~")
    assert seen == [entry.id for entry in entries(northside, action=Action.CREATE)]
    assert "No entries match" in html(owner.get(LEDGER, {"until": "2020-01-01"}))
    assert (
        owner.get(LEDGER, {"since": "2020-13-99", "after": "x~y", "person": "\x00", "action": "?"}).status_code == 200
    )


@pytest.mark.promise(50, 56)
def test_the_export_is_recorded_and_holds_what_the_page_shows(northside: Clinic) -> None:
    northside.admin("nurse").get(f"/admin/patients/patient/{northside.patients[0].pk}/")
    owner = northside.admin("owner")
    response: Any = owner.get(EXPORT, {"patient": "user_5678", "action": "read"})
    lines = list(csv.DictReader(line.decode().rstrip("\r\n") for line in response.streaming_content))

    assert {line["patients"] for line in lines} == {'["user_5678"]'}
    (entry,) = entries(northside, action=Action.EXPORT)
    assert (entry.actor_name, entry.patient_id) == ("Owner CANARY-NORTH", northside.patients[0].pk)
    assert owner.get(EXPORT, {"patient": "user_none"}).status_code == 404


def test_the_export_asks_for_a_fresh_sign_in(northside: Clinic) -> None:
    with time_machine.travel(datetime.now(UTC)) as clock:
        owner = northside.admin("owner")
        clock.shift(timedelta(minutes=11))
        assert "Is it still you?" in html(owner.get(EXPORT))
    assert entries(northside, action=Action.EXPORT) == []
