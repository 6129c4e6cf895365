from __future__ import annotations

import pytest
from django.db import transaction

from audit.actions import Action
from audit.models import Entry
from audit.occasion import Actor, Occasion, occasion
from audit.services import record
from tenancy.scope import organization_scope
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True)]

NURSE = Occasion(
    actor=Actor("person", id="7d0f", name="Nora Nurse", role="nurse"),
    request_id="request-1",
    ip="192.0.2.7",
    session="sign-in-1",
)


@pytest.mark.promise(56)
def test_an_entry_tells_who_what_whose_and_from_where(northside: Clinic, southside: Clinic) -> None:
    with northside.scope(), transaction.atomic(), occasion(NURSE):
        record(
            action=Action.UPDATE,
            object_type="patients.patient",
            object_id="user_1",
            patient_id=5,
            changes={"name": ("Ann", "Anna"), "code": (None, "user_1")},
        )
    with northside.scope(), transaction.atomic():
        entry = Entry.objects.get()

    assert (entry.actor_kind, entry.actor_id) == ("person", "7d0f")
    assert (entry.actor_name, entry.actor_role) == ("Nora Nurse", "nurse")
    assert (entry.action, entry.object_type, entry.object_id) == ("update", "patients.patient", "user_1")
    assert entry.patient_id == 5
    assert (entry.ip, entry.session, entry.request_id) == ("192.0.2.7", "sign-in-1", "request-1")
    assert entry.changes == [["name", "Ann", "Anna"], ["code", None, "user_1"]]
    with southside.scope(), transaction.atomic():
        assert not Entry.objects.exists()


def test_a_patients_login_adds_and_does_not_read(northside: Clinic) -> None:
    with organization_scope(northside.organization.id, patient_id=1), transaction.atomic():
        record(action=Action.READ, object_type="patients.patient", object_id="user_1")
        assert not Entry.objects.exists()
    with northside.scope(), transaction.atomic():
        assert Entry.objects.count() == 1
