from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from audit.models import Entry
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db

CONSENTS = "/api/v1/patients/user_5678/consents"
NEW = {"kind": "research", "version": "2026-03", "note": "on paper", "givenAt": "2026-03-01T09:00:00Z"}


def give(clinic: Clinic, *, by: str = "nurse", **changes: Any) -> Any:
    return send(clinic.api(by), "POST", CONSENTS, {**NEW, **changes})


def withdraw(clinic: Clinic, consent: str, at: str = "2026-04-01T09:00:00Z", *, by: str = "nurse", **more: Any) -> Any:
    return send(clinic.api(by), "PATCH", f"{CONSENTS}/{consent}", {"withdrawnAt": at, **more})


def test_a_consent_says_what_when_and_who_wrote_it_down(northside: Clinic, southside: Clinic) -> None:
    made = give(northside)
    assert made.status_code == 201, made.content
    body = made.json()
    assert {name: body[name] for name in NEW} == NEW
    assert (body["recordedBy"], body["withdrawnAt"]) == (northside.people["nurse"].name, None)
    listed = northside.api("viewer").get(CONSENTS).json()["items"]
    assert {item["kind"] for item in listed} == {"research", "treatment_data"}
    assert body in listed
    assert "SOUTH" not in str(listed)
    with northside.scope(), transaction.atomic():
        entry = Entry.objects.get(action="consent", object_id=body["id"])
    assert (entry.patient_id, entry.actor_name) == (northside.patients[0].pk, northside.people["nurse"].name)


def test_one_consent_of_a_kind_is_in_force(northside: Clinic) -> None:
    made = give(northside).json()
    again = give(northside, version="2026-04")
    assert (again.status_code, again.json()) == (409, {"detail": "The patient has given this consent already."})
    answer = withdraw(northside, made["id"])
    assert (answer.status_code, answer.json()["withdrawnAt"]) == (200, "2026-04-01T09:00:00Z")
    assert give(northside, version="2026-04", givenAt="2026-04-02T09:00:00Z").status_code == 201
    assert len(northside.api("owner").get(CONSENTS).json()["items"]) == 3


def test_a_withdrawn_consent_stays_as_it_is(northside: Clinic) -> None:
    made = give(northside).json()
    assert withdraw(northside, made["id"], "2026-02-01T09:00:00Z").status_code == 422
    assert withdraw(northside, made["id"], "2999-01-01T00:00:00Z").status_code == 422
    assert withdraw(northside, made["id"], kind="sharing").status_code == 422
    assert withdraw(northside, made["id"]).status_code == 200
    assert withdraw(northside, made["id"], "2026-05-01T09:00:00Z").status_code == 422
    with northside.scope(), transaction.atomic():
        assert Entry.objects.filter(action="consent", object_id=made["id"]).count() == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "everything"}, ("invalid_choice", ["body", "kind"])),
        ({"version": ""}, ("blank", ["body", "version"])),
        ({"note": "x" * 501}, ("max_length", ["body", "note"])),
        ({"givenAt": "2999-01-01T00:00:00Z"}, ("invalid", ["body", "givenAt"])),
        ({"recordedBy": "Somebody"}, ("extra_forbidden", ["body", "recordedBy"])),
        ({"withdrawnAt": "2026-04-01T09:00:00Z"}, ("extra_forbidden", ["body", "withdrawnAt"])),
    ],
)
def test_wrong_consents_are_refused(northside: Clinic, changes: dict[str, Any], expected: Any) -> None:
    assert problems(give(northside, **changes)) == [expected]


def test_viewers_look_and_patients_do_not(northside: Clinic) -> None:
    assert give(northside, by="viewer").json() == FORBIDDEN
    assert northside.api("patient").get(CONSENTS).json() == FORBIDDEN


def test_a_consent_is_found_under_its_own_patient_only(northside: Clinic, southside: Clinic) -> None:
    made = give(northside).json()["id"]
    foreign = southside.api("owner").get(CONSENTS).json()["items"][0]["id"]
    for path in (f"/api/v1/patients/user_9012/consents/{made}", f"{CONSENTS}/{foreign}", f"{CONSENTS}/x"):
        answer = send(northside.api("owner"), "PATCH", path, {"withdrawnAt": "2026-04-01T09:00:00Z"})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
