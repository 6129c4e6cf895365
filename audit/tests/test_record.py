from __future__ import annotations

import contextlib

import pytest
from django.db import DataError, transaction
from structlog.testing import capture_logs

from accounts.services import add_member
from audit.actions import Action, Outcome
from audit.denials import denials_collected
from audit.models import Entry
from audit.occasion import Actor, Occasion, occasion
from audit.services import record, record_denial, record_for_person
from tenancy.scope import ScopeError, organization_scope
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
        entry = Entry.objects.get(request_id=NURSE.request_id)

    assert (entry.actor_kind, entry.actor_id) == ("person", "7d0f")
    assert (entry.actor_name, entry.actor_role) == ("Nora Nurse", "nurse")
    assert (entry.action, entry.object_type, entry.object_id) == ("update", "patients.patient", "user_1")
    assert entry.patient_id == 5
    assert (entry.ip, entry.session, entry.request_id) == ("192.0.2.7", "sign-in-1", "request-1")
    assert entry.changes == [["name", "Ann", "Anna"], ["code", None, "user_1"]]
    with southside.scope(), transaction.atomic():
        assert not Entry.objects.filter(request_id=NURSE.request_id).exists()


def test_a_patients_login_adds_and_does_not_read(northside: Clinic) -> None:
    with organization_scope(northside.organization.id, patient_id=1), transaction.atomic():
        record(action=Action.READ, object_type="patients.patient", object_id="seen")
        assert not Entry.objects.exists()
    with northside.scope(), transaction.atomic():
        assert Entry.objects.filter(object_id="seen").count() == 1


def test_a_persons_entry_goes_to_each_of_their_clinics(northside: Clinic, southside: Clinic) -> None:
    person = northside.people["nurse"]
    with southside.scope(), transaction.atomic():
        add_member(email=person.email, name="Nora", role="viewer")
    record_for_person(user_public_id=person.user_public_id, action=Action.LOGIN_FAILED, outcome=Outcome.FAILED)

    for clinic in (northside, southside):
        with clinic.scope(), transaction.atomic():
            entry = Entry.objects.get(action=Action.LOGIN_FAILED)
            assert (entry.object_id, entry.outcome) == (str(person.user_public_id), "failed")


def test_a_denial_waits_for_the_answer_and_survives_its_rollback(northside: Clinic) -> None:
    with northside.scope(), denials_collected():
        with contextlib.suppress(LookupError), transaction.atomic():
            record(action=Action.READ, object_type="patients.patient", object_id="undone")
            record_denial(action=Action.READ, object_type="patients.patient", object_id="refused", reason="no right")
            raise LookupError
        with transaction.atomic():
            assert not Entry.objects.filter(object_id="refused").exists()
    with northside.scope(), transaction.atomic():
        assert Entry.objects.get(object_id="refused").outcome == "denied"
        assert not Entry.objects.filter(object_id="undone").exists()


def test_a_denial_that_cannot_be_written_takes_no_other_with_it(northside: Clinic) -> None:
    def refuse(*object_ids: str) -> None:
        with denials_collected():
            for object_id in object_ids:
                record_denial(action=Action.READ, object_type="patients.patient", object_id=object_id, reason="none")

    with capture_logs() as lines, northside.scope(), pytest.raises(DataError):
        # No text of PostgreSQL's holds the second.
        refuse("first", "\x00", "last")

    assert [line["event"] for line in lines] == ["denial_not_recorded"]
    with northside.scope(), transaction.atomic():
        kept = Entry.objects.filter(object_id__in=["first", "last"], outcome="denied")
        assert kept.count() == 2


def test_a_denial_of_nobody_known_is_a_line_of_the_log(db: None) -> None:
    with capture_logs() as lines:
        record_denial(action=Action.LOGIN_FAILED, object_type="accounts.user", object_id="", reason="unknown address")

    assert [(line["event"], line["reason"]) for line in lines] == [("audit_denial", "unknown address")]


def test_nothing_is_recorded_without_an_organization(db: None) -> None:
    with pytest.raises(ScopeError):
        record(action=Action.READ, object_type="patients.patient", object_id="user_1")
