from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from reports.models import CareState, SavedView
from reports.tests.worklist.test_loading import store_days

URL = "/admin/worklist/"


def act(client, patient, **said):
    return client.post(f"{URL}{patient.public_id}/act/", said)


def listed(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200
    return [row.patient.code for row in response.context["rows"]]


def test_the_page_tells_the_reasons_in_words_and_the_figures(northside, southside):
    store_days(northside, values=[50] * 30 + [120] * 200, days=14, hour=0)
    southside.store(45)
    html = northside.admin("viewer").get(URL).content.decode()

    for expected in (
        "2 of 2 patients need somebody.",
        "Below 54 mg/dL for 13.0 %",
        "Risk index",
        "Data of 0 %",
        "user_5678",
    ):
        assert expected in html
    assert "CANARY-SOUTH" not in html
    assert "Yes, seen" not in html


def test_nobody_needs_a_call_is_said_and_what_is_not_known_beside_it(northside):
    client, tomorrow = northside.admin("nurse"), timezone.localdate() + timedelta(days=1)
    for patient in northside.patients:
        assert act(client, patient, action="seen", next_contact_on=str(tomorrow)).status_code == 302

    html = client.get(URL).content.decode()

    assert "Nobody needs a call." in html
    assert "2 seen and resting." in html
    assert listed(client, show="unknown") == ["user_5678", "user_9012"]


def test_whoever_acts_comes_back_to_the_list_as_it_was(northside):
    client, patient = northside.admin("clinician"), northside.patients[0]

    answer = act(client, patient, action="take", shown="show=all&sort=name&page=2&next=//evil.example")

    assert answer.headers["Location"] == f"{URL}?show=all&sort=name&page=2"
    assert listed(client, assigned="me", show="all") == ["user_5678"]
    assert act(client, patient, action="assign", member="", back="patient").headers["Location"] == (
        f"{URL}{patient.public_id}/"
    )
    with northside.scope(), transaction.atomic():
        assert CareState.objects.get().assigned_to is None


def test_acts_are_told_in_a_sentence_for_the_script(northside):
    client, patient = northside.admin("nurse"), northside.patients[0]
    url = f"{URL}{patient.public_id}/act/"

    def told(**said):
        return client.post(url, said, headers={"Accept": "application/json"}).json()

    assert told(action="plan", next_contact_on="2020-01-01") == {
        "message": "Choose today or a day after it.",
        "refused": True,
    }
    assert told(action="plan", next_contact_on="31.12.") == {"message": "Write the day as 2026-03-31.", "refused": True}
    assert told(action="seen", note="Called")["refused"] is False
    assert "Called" in client.get(f"{URL}{patient.public_id}/").content.decode()
    assert client.post(url, {"action": "shoe"}).status_code == 404


def test_who_only_looks_does_not_act_and_reads_no_notes(northside):
    client, patient = northside.admin("viewer"), northside.patients[0]
    act(northside.admin("nurse"), patient, action="seen", note="between us")

    assert act(client, patient, action="take").status_code == 403
    assert client.post(f"{URL}views/", {"name": "x"}).status_code == 403
    assert "between us" not in client.get(f"{URL}{patient.public_id}/").content.decode()


def test_views_are_saved_without_the_search_and_removed(northside):
    client = northside.admin("nurse")
    shown = "show=all&reason=silent&q=Last"

    client.post(f"{URL}views/", {"name": "Silent", "shared": "on", "shown": shown})

    with northside.scope(), transaction.atomic():
        view = SavedView.objects.get()
    assert view.choices == {"show": "all", "reason": "silent"}
    html = northside.admin("owner").get(URL).content.decode()
    assert 'href="?show=all&amp;reason=silent"' in html
    client.post(f"{URL}views/", {"action": "remove", "view": str(view.public_id)})
    with northside.scope(), transaction.atomic():
        assert not SavedView.objects.exists()
