from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.models import RemovalRequest
from accounts.tests.inviting import member
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db

REMOVALS = "/api/v1/organizations/current/removal-requests"


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    """Without the request that the fixture's people have made."""
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test's own rows"):
        RemovalRequest.objects.update(state="denied")
    return northside


def ask(clinic: Clinic, about: str, *, by: str = "nurse", reason: str = "left") -> Any:
    named = str(clinic.people[about].user_public_id)
    return send(clinic.api(by), "POST", REMOVALS, {"member": named, "reason": reason})


def decide(clinic: Clinic, request: Any, how: str, *, by: str = "admin", **body: Any) -> Any:
    return send(clinic.api(by), "POST", f"{REMOVALS}/{request.json()['id']}/{how}", body)


def test_a_request_names_who_and_why(clinic: Clinic, southside: Clinic) -> None:
    made = ask(clinic, "viewer")
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["member"] == {"id": str(clinic.people["viewer"].user_public_id), "name": clinic.people["viewer"].name}
    assert body["requestedBy"]["name"] == clinic.people["nurse"].name
    assert (body["reason"], body["state"], body["decidedBy"], body["decidedAt"]) == ("left", "pending", None, None)
    assert body in clinic.api("owner").get(REMOVALS, {"state": "pending"}).json()["items"]
    assert clinic.api("clinician").get(REMOVALS).json()["items"] == []
    assert "SOUTH" not in str(clinic.api("owner").get(REMOVALS).json())


def test_members_are_named_by_address_as_well(clinic: Clinic, southside: Clinic) -> None:
    api = clinic.api("nurse")
    assert send(api, "POST", REMOVALS, {"member": "VIEWER@northside.example", "reason": "left"}).status_code == 201
    for named in ("viewer@southside.example", str(southside.people["viewer"].user_public_id), "nobody"):
        answer = send(api, "POST", REMOVALS, {"member": named, "reason": "left"})
        assert problems(answer) == [("unknown", ["body", "member"])]


def test_one_request_about_a_member_waits(clinic: Clinic) -> None:
    first = ask(clinic, "viewer")
    again = ask(clinic, "viewer", by="clinician")
    assert (again.status_code, again.json()) == (409, {"detail": "There is a request about this member already."})
    assert decide(clinic, first, "deny").status_code == 200
    assert ask(clinic, "viewer").status_code == 201


def test_approving_ends_the_access_at_once(clinic: Clinic) -> None:
    viewer = clinic.api("viewer")
    assert viewer.get("/api/v1/patients").status_code == 200
    made = ask(clinic, "viewer")
    answer = decide(clinic, made, "approve", notes="as agreed")
    assert (answer.status_code, answer.json()["state"], answer.json()["notes"]) == (200, "approved", "as agreed")
    assert answer.json()["decidedBy"]["name"] == clinic.people["admin"].name
    assert viewer.get("/api/v1/patients").status_code == 401
    for how in ("approve", "deny", "cancel"):
        assert decide(clinic, made, how).status_code == 422


def test_the_last_owner_stays_and_only_owners_decide_about_owners(clinic: Clinic) -> None:
    made = ask(clinic, "owner")
    for how in ("approve", "deny"):
        assert decide(clinic, made, how, by="admin").status_code == 403
    answer = decide(clinic, made, "approve", by="owner")
    assert answer.status_code == 422
    assert "last owner" in str(answer.json())
    owner = member(clinic, "owner@northside.example")
    assert owner
    assert owner.is_active
    assert clinic.api("owner").get(REMOVALS, {"state": "pending"}).json()["items"][0]["id"] == made.json()["id"]
    assert decide(clinic, made, "deny", by="owner").status_code == 200


def test_people_take_back_their_own_request_and_no_other(clinic: Clinic) -> None:
    made = ask(clinic, "viewer", by="nurse")
    other = decide(clinic, made, "cancel", by="clinician")
    assert (other.status_code, other.json()) == (404, NOT_FOUND)
    for how in ("approve", "deny"):
        assert (decide(clinic, made, how, by="nurse").json()) == FORBIDDEN
    assert decide(clinic, made, "cancel", by="nurse").json()["state"] == "cancelled"


def test_there_is_nobody_to_remove_twice(clinic: Clinic) -> None:
    assert decide(clinic, ask(clinic, "viewer"), "approve").status_code == 200
    assert ask(clinic, "viewer").status_code == 422


def test_another_clinics_requests_are_unknown(clinic: Clinic, southside: Clinic) -> None:
    foreign = southside.api("owner").get(REMOVALS).json()["items"][0]["id"]
    for how in ("approve", "deny", "cancel"):
        answer = send(clinic.api("owner"), "POST", f"{REMOVALS}/{foreign}/{how}", {})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
