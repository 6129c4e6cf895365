from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import Entry
from patients.care_team import remove_from_care_team
from patients.services import archive_patient, create_patient
from reports.models import CareState, SavedView, SeenAct
from reports.tests.worklist.test_loading import store_days

URL = "/api/v1/analytics/worklist"
VIEWS = "/api/v1/analytics/worklist-views"


def listed(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def codes(client, **query):
    return [item["patient"] for item in listed(client, **query)["items"]]


def post(client, path, **body):
    return client.post(f"{URL}/{path}", body, content_type="application/json")


@pytest.fixture
def needy(northside):
    """user_5678 has lows, user_9012 has had no reading for years."""
    store_days(northside, values=[50] * 30 + [120] * 200, days=14, hour=0)
    northside.store(120)
    return northside


def test_the_list_tells_who_needs_somebody_why_and_by_which_figures(needy):
    body = listed(needy.api("viewer"))

    first, second = body["items"]
    assert [first["patient"], second["patient"]] == ["user_5678", "user_9012"]
    assert [reason["code"] for reason in first["reasons"]] == ["veryLow", "low"]
    assert first["reasons"][0]["words"].startswith("Below 54 mg/dL for 13.0 % of the time, about 188 min a day; goal:")
    assert first["figures"]["veryLow"] == pytest.approx(100 * 30 / 230, abs=0.1)
    assert first["figures"]["isSufficient"] is True
    assert second["figures"]["isSufficient"] is False
    assert second["figures"]["inRange"] is None
    assert {reason["code"] for reason in second["reasons"]} == {"silent", "littleData"}
    assert body["counts"] == {"call": 2, "unknown": 0, "resting": 0, "fine": 0}
    assert body["total"] == 2


def test_the_other_clinic_and_the_archived_never_show(needy, southside):
    store_days(southside, values=[45] * 40, days=10)
    with needy.scope(), transaction.atomic():
        archive_patient(patient=needy.patients[1])

    assert codes(needy.api("owner"), show="all") == ["user_5678"]
    assert needy.api("owner").get(f"{URL}/user_9012").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"reason": "silent"}, ["user_9012"]),
        ({"reason": "veryLow"}, ["user_5678"]),
        ({"zone": "B"}, ["user_5678"]),
        ({"zone": "E"}, []),
        ({"show": "unknown"}, ["user_9012"]),
        ({"show": "fine"}, []),
        ({"search": "9012"}, ["user_9012"]),
        ({"assignedTo": "nobody"}, ["user_5678", "user_9012"]),
        ({"assignedTo": "me"}, []),
        ({"careTeam": "me"}, []),
        ({"sort": "-dataUntil"}, ["user_5678", "user_9012"]),
        ({"sort": "name", "show": "all"}, ["user_5678", "user_9012"]),
    ],
)
def test_filters(needy, query, expected):
    if query.get("zone"):
        # Lows of 13 % are an index of 39.
        assert listed(needy.api("viewer"))["items"][0]["figures"]["zone"] == "B"
    assert codes(needy.api("clinician"), **query) == expected


def test_the_care_teams_patients(needy):
    nurse = needy.people["nurse"]
    with needy.scope(), transaction.atomic():
        remove_from_care_team(patient=needy.patients[1], member=nurse)

    assert codes(needy.api("nurse"), careTeam="me") == ["user_5678"]
    assert codes(needy.api("owner"), careTeam=str(nurse.user_public_id)) == ["user_5678"]


@pytest.mark.parametrize("query", [{"sort": "shoe"}, {"limit": 0}, {"assignedTo": "x"}, {"reason": "x"}, {"zone": "F"}])
def test_what_is_not_understood_is_refused(northside, query):
    assert northside.api("owner").get(URL, query).status_code == 422


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "W251bGxd", "WyJ4IiwgMV0=", "\u00e4"])
def test_a_cursor_that_is_not_ours_is_not_found(northside, cursor):
    assert northside.api("owner").get(URL, {"cursor": cursor}).status_code == 404


@pytest.mark.parametrize("sort", ["need", "name", "-gri", "seen"])
def test_pages_hold_everybody_once_also_where_somebody_moves_up_meanwhile(northside, sort):
    with northside.scope(), transaction.atomic():
        for number in range(7):
            create_patient(code=f"more_{number}", first_name="Same", last_name="Name")
    client = northside.api("owner")
    found: list[str] = []
    cursor: dict[str, str] = {}
    everybody = codes(client, show="all", sort=sort)
    while True:
        body = listed(client, show="all", sort=sort, limit=2, **cursor)
        found += [item["patient"] for item in body["items"]]
        if len(found) == 2:
            post(client, f"{everybody[-1]}/next-contact", nextContactOn=str(timezone.localdate()))
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}

    assert sorted(found) == sorted(everybody)
    assert found == everybody or sort == "need"


def test_whoever_has_seen_a_patient_puts_the_list_to_rest(needy):
    client, day = needy.api("nurse"), timezone.localdate() + timedelta(days=20)

    answer = post(client, "user_5678/seen", note="Called: eats too little at night.", nextContactOn=str(day))

    body = answer.json()
    assert answer.status_code == 200
    assert body["standing"] == "resting"
    assert body["need"] == 0
    assert [body["nextContactOn"], body["restsUntil"]] == [str(day), str(day)]
    assert body["seenBy"]["name"] == needy.people["nurse"].name
    history = client.get(f"{URL}/user_5678/history").json()["items"]
    assert [act["note"] for act in history] == ["Called: eats too little at night."]
    assert codes(client) == ["user_9012"]
    assert codes(client, show="resting") == ["user_5678"]
    with needy.scope(), transaction.atomic():
        act = SeenAct.objects.get()
        entry = Entry.objects.get(object_type="reports.seenact", action="create")
        assert "night" not in str(entry.changes)
        assert entry.patient_id == needy.patients[0].pk
        assert act.note == "Called: eats too little at night."


def test_by_mistake_it_can_be_taken_back(needy):
    client = needy.api("clinician")
    post(client, "user_5678/seen")

    assert post(client, "user_5678/bring-back").json()["standing"] == "call"
    assert codes(client) == ["user_5678", "user_9012"]


def test_without_a_day_it_rests_for_a_week_and_a_contact_that_was_due_is_done(needy):
    client, today = needy.api("owner"), timezone.localdate()
    post(client, "user_5678/next-contact", nextContactOn=str(today))

    body = post(client, "user_5678/seen").json()

    assert body["nextContactOn"] is None
    assert body["restsUntil"] == str(today + timedelta(days=7))


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("seen", {"nextContactOn": "2020-01-01"}, 422),
        ("seen", {"note": "x" * 2001}, 422),
        ("seen", {"note": "a", "patient": "b"}, 422),
        ("next-contact", {"nextContactOn": "2020-01-01"}, 422),
        ("next-contact", {"nextContactOn": "2999-01-01"}, 422),
        ("next-contact", {}, 422),
        ("next-contact", {"nextContactOn": None}, 200),
        ("assign", {"member": None}, 200),
        ("assign", {"member": "4b0c2d1e-0000-4000-8000-000000000000"}, 422),
    ],
)
def test_acts_say_what_is_wrong(northside, act, body, status):
    assert post(northside.api("nurse"), f"user_5678/{act}", **body).status_code == status


def test_somebody_is_assigned_who_may_treat_the_patient(northside):
    client = northside.api("clinician")
    nurse, viewer = (str(northside.people[role].user_public_id) for role in ("nurse", "viewer"))

    assert post(client, "user_5678/assign", member=viewer).status_code == 422
    assert post(client, "user_5678/assign", member=nurse).json()["assignedTo"]["id"] == nurse
    assert codes(northside.api("nurse"), assignedTo="me", show="all") == ["user_5678"]
    assert codes(client, assignedTo=nurse, show="all") == ["user_5678"]
    with northside.scope(), transaction.atomic():
        assert CareState.objects.get().assigned_to == northside.people["nurse"]
        entry = Entry.objects.get(object_type="reports.carestate", action="create")
        assert entry.changes[0][0] == "assigned_to"


def test_notes_are_for_those_who_treat_and_each_reading_is_written_down(northside):
    post(northside.api("nurse"), "user_5678/seen", note="private")

    assert northside.api("viewer").get(f"{URL}/user_5678/history").status_code == 403
    for _ in range(2):
        (act,) = northside.api("clinician").get(f"{URL}/user_5678/history").json()["items"]
        assert act["note"] == "private"
    with northside.scope(), transaction.atomic():
        looks = Entry.objects.filter(object_type="reports.seenact", action="read", actor_role="clinician")
        assert looks.count() == 2


class TestSavedViews:
    CHOICES = {"show": "all", "assignedTo": "me", "reason": "silent", "sort": "-gri"}

    def test_are_ones_own_or_the_clinics(self, northside, southside):
        nurse, owner = northside.api("nurse"), northside.api("owner")
        own = nurse.post(VIEWS, {"name": "Mine", "choices": self.CHOICES}, content_type="application/json").json()
        shared = {"name": "Ours", "isShared": True, "choices": {}}
        assert nurse.post(VIEWS, shared, content_type="application/json").status_code == 201

        assert own["choices"] == self.CHOICES
        assert [view["name"] for view in nurse.get(VIEWS).json()["items"]] == ["Mine", "Ours"]
        assert [view["name"] for view in owner.get(VIEWS).json()["items"]] == ["Ours"]
        assert owner.get(f"{VIEWS}/{own['id']}").status_code == 404
        assert southside.api("nurse").get(f"{VIEWS}/{own['id']}").status_code == 404

    def test_are_changed_and_removed(self, northside):
        client = northside.api("nurse")
        made = client.post(VIEWS, {"name": "Mine", "choices": {}}, content_type="application/json").json()
        twice = client.post(VIEWS, {"name": "Mine", "choices": {}}, content_type="application/json")
        url = f"{VIEWS}/{made['id']}"
        changed = client.patch(url, {"name": "New", "choices": {"zone": "E"}}, content_type="application/json")

        assert twice.status_code == 409
        assert [changed.json()["name"], changed.json()["choices"]] == ["New", {"zone": "E"}]
        assert client.delete(url).status_code == 204
        with northside.scope(), transaction.atomic():
            assert not SavedView.objects.exists()
            assert Entry.objects.filter(object_type="reports.savedview").count() == 3
