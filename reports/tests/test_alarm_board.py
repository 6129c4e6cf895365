"""The board of open alarms: what it shows to whom, in which order, and what its buttons do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.browser_sessions.models import BrowserSession
from alerts.models import ClinicAlarms, Episode, EpisodeEvent, Snooze
from patients.care_team import add_to_care_team
from patients.services import create_patient
from tenancy.managers import audited_elsewhere
from tenancy.models import Organization
from tests.clinic_alarms import add_episode
from tests.clinics import PASSWORD, Clinic

BOARD = "/admin/alarms/"


def part(client: Client, **choices: str) -> Any:
    return client.get(f"{BOARD}part/", choices, headers={"X-Clinic": "northside"})


def alarm(clinic: Clinic, patient: int = 0, **changes: Any) -> Episode:
    with clinic.scope(), transaction.atomic():
        return add_episode(clinic.patients[patient], **{"rule_code": f"rule{len(changes)}", **changes})


def quiet(clinic: Clinic) -> None:
    """Without the alarms that every clinic of the tests has."""
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Episode.objects.open().update(state=Episode.State.DISMISSED, confirmed_at=None)


def act(client: Client, episode: Episode, **form: str) -> Any:
    return client.post(f"{BOARD}{episode.public_id}/act/", form, headers={"Accept": "application/json"})


def again(clinic: Clinic, episode: Episode) -> Episode:
    with clinic.scope(), transaction.atomic():
        found: Episode = Episode.objects.select_related("acknowledged_by", "assigned_to").get(pk=episode.pk)
        return found


def names(html: str) -> list[str]:
    return re.findall(r'data-focus="rule">([^<]*)<', html)


def test_a_line_tells_what_a_nurse_needs(northside: Clinic, southside: Clinic) -> None:
    quiet(northside)
    alarm(southside, rule_name="Foreign rule")
    now = datetime.now(UTC)
    northside.store(70, 60, 52, until=now - timedelta(minutes=4))
    alarm(
        northside,
        rule_code="urgent_low",
        rule_name="Urgent low",
        severity="critical",
        is_late=True,
        escalation_level=1,
        next_escalation_at=now + timedelta(minutes=9),
    )
    client = northside.admin("nurse")
    html = part(client).content.decode()
    for expected in (
        "Critical", "Urgent low", "Last Northside", "user_5678", "52", "mg/dL", "4 min ago", "falling", "Late",
        "Nobody has acknowledged", "Level 1 of 3 told; level 2 is told at", "20 min ago",
        "Dosing decisions should not be made based on this device.", "1 waits for somebody, 1 of them critical",
    ):  # fmt: skip
        assert expected in html, expected
    assert "Foreign rule" not in html
    assert "<html" not in html
    assert 'id="alarm-part"' in client.get(BOARD).content.decode()


def test_the_most_urgent_stands_first(northside: Clinic) -> None:
    quiet(northside)
    now = datetime.now(UTC)
    nurse = northside.people["nurse"]
    alarm(northside, rule_code="a", rule_name="Low one", severity="low")
    alarm(northside, rule_code="b", rule_name="High one", severity="high")
    known: dict[str, Any] = {"acknowledged_at": now, "acknowledged_by": nurse, "confirmed_at": now}
    alarm(northside, rule_code="c", rule_name="Known", severity="critical", **known)
    alarm(northside, rule_code="d", rule_name="Critical one", severity="critical")
    alarm(northside, rule_code="e", rule_name="Closing", severity="medium", state="hysteresis")
    alarm(northside, rule_code="f", rule_name="Unconfirmed", state="confirming", confirmed_at=None)
    client = northside.admin("nurse")
    everything = ["Critical one", "Known", "High one", "Closing", "Low one"]
    assert names(part(client).content.decode()) == everything
    assert names(part(client, severity="critical").content.decode()) == ["Critical one", "Known"]
    assert names(part(client, whose="unacknowledged").content.decode()) == [n for n in everything if n != "Known"]
    assert names(part(client, whose="mine").content.decode()) == ["Known"]
    assert names(part(client, state="hysteresis").content.decode()) == ["Closing"]
    assert names(part(client, state="nonsense", severity="x", page="99").content.decode()) == everything
    assert "4 more are not shown" in part(client, whose="mine").content.decode()


def test_without_alarms_it_says_so(northside: Clinic) -> None:
    quiet(northside)
    client = northside.admin("viewer")
    assert "No open alarms. New ones appear here by themselves." in client.get(BOARD).content.decode()
    assert "No open alarm matches this choice." in part(client, severity="low").content.decode()


def test_what_ended_today_stands_below(northside: Clinic) -> None:
    quiet(northside)
    now = datetime.now(UTC)
    alarm(northside, rule_code="a", rule_name="Ended now", state="resolved", ended_at=now)
    alarm(northside, rule_code="a", rule_name="Ended then", state="resolved", ended_at=now - timedelta(hours=25))
    html = part(northside.admin("nurse")).content.decode()
    assert "Ended now" in html
    assert "Ended then" not in html


def test_low_and_high_are_words_and_the_unit_is_the_clinics(northside: Clinic) -> None:
    quiet(northside)
    with northside.scope(), transaction.atomic():
        Organization.objects.filter(pk=northside.organization.pk).update(glucose_unit="mmol/L")
    alarm(northside, glucose=54, worst_glucose=39)
    northside.store(90)
    html = part(northside.admin("nurse")).content.decode()
    assert "furthest out Low" in html
    assert "below 3.9 mmol/L" in html
    assert ">5.0</span>" in html


def test_staff_with_patients_of_their_own_see_only_these(northside: Clinic) -> None:
    quiet(northside)
    alarm(northside, 0, rule_code="a", rule_name="Of the first")
    other = alarm(northside, 1, rule_code="a", rule_name="Of the second")
    with northside.scope(), transaction.atomic():
        Organization.objects.filter(pk=northside.organization.pk).update(assigned_patients_only=True)
        add_to_care_team(patient=northside.patients[0], member=northside.people["clinician"])
    client = northside.admin("clinician")
    html = part(client).content.decode()
    assert names(html) == ["Of the first"]
    assert "1 open alarm." in html
    assert client.get(f"{BOARD}{other.public_id}/").status_code == 404
    assert act(client, other, action="acknowledge").status_code == 404


def test_who_may_only_look_gets_no_buttons(northside: Clinic) -> None:
    episode = alarm(northside)
    viewer = northside.admin("viewer")
    assert "data-act" not in part(viewer).content.decode()
    assert act(viewer, episode, action="acknowledge").status_code == 403
    assert again(northside, episode).acknowledged_at is None


def test_another_clinics_alarm_is_not_found(northside: Clinic, southside: Clinic) -> None:
    foreign = alarm(southside)
    client = northside.admin("owner")
    assert client.get(f"{BOARD}{foreign.public_id}/").status_code == 404
    assert act(client, foreign, action="acknowledge").status_code == 404


def test_a_page_of_another_clinic_is_not_filled(northside: Clinic) -> None:
    client = northside.admin("nurse")
    assert client.get(f"{BOARD}part/", headers={"X-Clinic": "southside"}).status_code == 409
    assert client.get(f"{BOARD}part/").status_code == 409


def test_the_second_sees_who_was_first(northside: Clinic) -> None:
    episode = alarm(northside)
    first = act(northside.admin("nurse"), episode, action="acknowledge", note="I go there")
    assert first.json() == {"message": "You have acknowledged this alarm: nobody else is called.", "refused": False}
    twice = act(northside.admin("nurse"), episode, action="acknowledge").json()
    second = act(northside.admin("clinician"), episode, action="acknowledge").json()
    assert twice == first.json()
    assert second["message"].startswith("Nurse CANARY-NORTH acknowledged this alarm first, at ")
    assert not second["refused"]
    assert again(northside, episode).acknowledged_by.name.startswith("Nurse")
    html = part(northside.admin("clinician")).content.decode()
    assert "Acknowledged: Nurse" in html


def test_a_snooze_is_for_oneself_and_bounded(northside: Clinic) -> None:
    quiet(northside)
    episode = alarm(northside, rule_code="urgent_low", severity="critical")
    nurse, clinician = northside.admin("nurse"), northside.admin("clinician")
    html = part(nurse).content.decode()
    assert re.findall(r'name="minutes" value="(\d+)"', html) == ["5", "15", "30"]
    assert "30 minutes at most" in html
    assert act(nurse, episode, action="snooze", minutes="60").json()["refused"]
    assert act(nurse, episode, action="snooze", minutes="x").json()["refused"]
    done = act(nurse, episode, action="snooze", minutes="30").json()
    assert "Everybody else still does." in done["message"]
    assert "Snoozed for you until" in part(nurse).content.decode()
    assert "data-heard" not in part(nurse).content.decode()
    theirs = part(clinician).content.decode()
    assert "Snoozed by Nurse" in theirs
    assert f'data-heard="{episode.public_id}"' in theirs
    with northside.scope(), transaction.atomic():
        assert Snooze.objects.filter(episode=episode).count() == 1


def test_the_other_acts_and_without_javascript(northside: Clinic) -> None:
    episode = alarm(northside)
    client, path = northside.admin("nurse"), f"{BOARD}{episode.public_id}/act/"
    assert act(client, episode, action="take").json()["message"] == "This alarm is assigned to you."
    owner = str(northside.people["owner"].user_public_id)
    patient = str(northside.people["patient"].user_public_id)
    assert "assigned to Owner" in act(client, episode, action="assign", member=owner).json()["message"]
    assert act(client, episode, action="assign", member=patient).json()["refused"]
    assert act(client, episode, action="assign", member="nobody").status_code == 404
    assert act(client, episode, action="comment", text=" ").json()["refused"]
    answer = client.post(path, {"action": "comment", "text": "Gave \x00 juice", "back": "alarm"}, follow=True)
    html = answer.content.decode()
    assert answer.redirect_chain[0][0] == f"{BOARD}{episode.public_id}/"
    for expected in ("Gave  juice", "Your comment stands with the alarm.", "Assigned to Owner", "Nurse CANARY-NORTH"):
        assert expected in html
    assert act(client, episode, action="review", verdict="true").json()["refused"]
    assert not act(client, episode, action="resolve", reason="Sensor fell off").json()["refused"]
    assert act(client, episode, action="resolve", reason="Again").json() == {
        "message": "This alarm has ended.",
        "refused": True,
    }
    assert not act(client, episode, action="review", verdict="false", note="Sensor").json()["refused"]
    assert act(client, episode, action="review", verdict="maybe").json()["refused"]
    assert act(client, episode, action="nothing").status_code == 404
    assert client.get(path).status_code == 405
    page = client.get(f"{BOARD}{episode.public_id}/").content.decode()
    assert "Reviewed: false alarm" in page
    assert "Ended by hand" in page


def test_an_act_needs_the_token_of_its_form(northside: Clinic) -> None:
    episode = alarm(northside)
    client = Client(enforce_csrf_checks=True)
    assert client.login(username=northside.people["nurse"].email, password=PASSWORD)
    assert act(client, episode, action="acknowledge").status_code == 403
    assert client.post(f"{BOARD}ticket/").status_code == 403
    assert again(northside, episode).acknowledged_at is None


@pytest.mark.parametrize(
    ("detail", "notice"),
    [("none", "Alarm at Northside CANARY-NORTH"), ("code", "Low: user_5678 at Northside CANARY-NORTH")],
)
def test_a_notification_tells_no_more_than_the_clinic_allows(northside: Clinic, detail: str, notice: str) -> None:
    quiet(northside)
    alarm(northside)
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        chosen = {"preset": "standard", "preset_version": 1, "message_detail": detail}
        ClinicAlarms.objects.update_or_create(organization_id=northside.organization.pk, defaults=chosen)
    assert re.findall(r"<li data-heard[^>]*>([^<]*)<", part(northside.admin("nurse")).content.decode()) == [notice]


def test_a_full_board_takes_as_many_statements_as_an_empty_one(northside: Clinic) -> None:
    quiet(northside)
    alarm(northside)
    client = northside.admin("nurse")
    part(client)
    with CaptureQueriesContext(connection) as one:
        part(client)
    with northside.scope(), transaction.atomic():
        for number in range(60):
            patient = create_patient(code=f"more_{number}", first_name="More", last_name=f"No {number}")
            for code in ("low", "high"):
                add_episode(patient, rule_code=code)
    part(client)
    with CaptureQueriesContext(connection) as many:
        html = part(client).content.decode()
    assert len(names(html)) == 50
    assert "121 open alarms." in html
    assert len(many) == len(one), [query["sql"][:150] for query in many.captured_queries]


def test_the_side_bar_counts_what_waits(northside: Clinic) -> None:
    quiet(northside)
    client = northside.admin("nurse")
    bare = client.get("/admin/readings/").content.decode()
    assert "Alarms" in bare
    episodes = [alarm(northside, rule_code=f"r{number}") for number in range(3)]
    act(client, episodes[0], action="acknowledge")
    html = client.get("/admin/readings/").content.decode()
    link = html[html.index('href="/admin/alarms/"') :]
    assert re.search(r"<span class=\"font-semibold[^>]*>\s*2\s*</span>", link[:2500])
    assert "font-semibold h-[18px]" not in bare


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(northside: Clinic) -> None:
    client = northside.admin("nurse")
    client.get(BOARD)
    before = datetime.now(UTC) - timedelta(minutes=10)
    BrowserSession.objects.filter(session_key=client.session.session_key).update(last_seen_at=before)
    headers = {"X-Clinic": "northside", "X-Background": "1"}
    html = client.get(f"{BOARD}part/", headers=headers).content.decode()
    assert BrowserSession.objects.get(session_key=client.session.session_key).last_seen_at == before
    until = re.search(r'data-signed-in-until="(\d+)"', html)
    assert until is not None
    assert abs(int(until[1]) - (before + timedelta(minutes=15)).timestamp()) < 2
    client.get(f"{BOARD}part/", headers={"X-Clinic": "northside"})
    assert BrowserSession.objects.get(session_key=client.session.session_key).last_seen_at > before


def test_every_step_stands_on_the_alarms_page(northside: Clinic) -> None:
    episode = alarm(northside, worst_glucose=39)
    with northside.scope(), transaction.atomic():
        for kind, detail in (
            ("opened", {}), ("confirmed", {}), ("escalated", {"level": 1, "told": 2}), ("eased", {}),
            ("returned", {}), ("dismissed", {}), ("resolved", {}),
        ):  # fmt: skip
            EpisodeEvent.objects.create(
                episode=episode, patient=northside.patients[0], kind=kind, at=datetime.now(UTC), glucose=39,
                actor_kind="rule", actor_id="low", actor_name="Low", detail=detail,
            )  # fmt: skip
    html = northside.admin("viewer").get(f"{BOARD}{episode.public_id}/").content.decode()
    for expected in ("First sign: Low", "level 1 was told, 2 messages", "The rule Low", "In alarm again", "<svg"):
        assert expected in html
    assert "No message was sent" in html
