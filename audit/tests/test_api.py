from __future__ import annotations

import pytest

from audit.models import Entry
from tests.clinics import Clinic
from tests.rest import problems

pytestmark = [pytest.mark.django_db, pytest.mark.promise(56)]
AUDIT = "/api/v1/audit"


def test_filters(northside: Clinic, southside: Clinic) -> None:
    northside.api("nurse").get("/api/v1/patients/user_5678", headers={"X-Request-ID": "seen-by-nurse"})
    southside.api("nurse").get("/api/v1/patients/user_5678")
    owner = northside.api("owner")

    items = owner.get(AUDIT, {"patient": "user_5678", "action": "read"}).json()["items"]
    # The medical history in the same answer has an entry of its own.
    (item,) = [one for one in items if one["objectType"] == "patients.patient"]
    assert item["actor"] == {
        "kind": "person",
        "identity": str(northside.people["nurse"].user_public_id),
        "name": "Nurse CANARY-NORTH",
        "role": "nurse",
    }
    assert (item["objectType"], item["objectId"], item["patients"]) == ("patients.patient", "user_5678", ["user_5678"])
    assert (item["outcome"], item["requestId"], item["ip"]) == ("done", "seen-by-nurse", "127.0.0.1")

    assert owner.get(AUDIT, {"patient": "user_9012", "action": "read"}).json()["items"] == []
    assert owner.get(AUDIT, {"patient": "user_none"}).json()["items"] == []
    nurse = northside.people["nurse"].user_public_id
    assert {one["actor"]["name"] for one in owner.get(AUDIT, {"person": str(nurse)}).json()["items"]} == {
        item["actor"]["name"]
    }
    assert owner.get(AUDIT, {"until": "2020-01-01T00:00:00Z"}).json()["items"] == []
    for naive in ("2020-01-01T00:00:00", "2020-01-01"):
        assert ("naive", ["query", "since"]) in problems(owner.get(AUDIT, {"since": naive}))
    assert ("invalid", ["query", "until"]) in problems(owner.get(AUDIT, {"until": "2020-13-01T00:00:00Z"}))
    assert ("invalid_choice", ["query", "action"]) in problems(owner.get(AUDIT, {"action": "eat"}))


def test_pages_and_sealed_values(northside: Clinic) -> None:
    owner = northside.api("owner")
    owner.patch("/api/v1/patients/user_5678", {"phone": "+49 30 901820"}, content_type="application/json")
    seen, cursor = [], None
    while True:
        query = {"limit": "7", "until": "2999-01-01T00:00:00Z", "action": "create"}
        body = owner.get(AUDIT, query | ({"cursor": cursor} if cursor else {})).json()
        seen += body["items"]
        if (cursor := body["next"]) is None:
            break
    with northside.scope():
        assert len(seen) == Entry.objects.filter(action="create").count() > 7
    updates = owner.get(AUDIT, {"action": "update", "patient": "user_5678"}).json()["items"]
    (update,) = [one for one in updates if one["objectType"] == "patients.patient"]
    assert [change["new"] for change in update["changes"]] == ["(sealed)"]
    assert "901820" not in owner.get(AUDIT).content.decode()


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer", "patient"])
def test_nobody_else_reads_it(northside: Clinic, role: str) -> None:
    assert northside.api(role).get(AUDIT).status_code == 403
