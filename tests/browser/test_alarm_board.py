"""The board as a nurse meets it: what a device posts becomes an alarm on the page, which is never reloaded."""

from __future__ import annotations

import re

import httpx
import pytest
from django.db import transaction
from playwright.sync_api import Locator, Page, expect

from accounts.browser_sessions.models import BrowserSession
from alerts.evaluation.everywhere import evaluate_all_due
from alerts.models import Episode
from alerts.services import acts
from alerts.tests.evaluating import episodes
from edge.tests.streaming import post
from patients.care_team import add_to_care_team
from tenancy.managers import audited_elsewhere
from tenancy.models import Organization
from tests.browser.conftest import EVERY_LOOK, Visitor
from tests.clinic_alarms import add_episode
from tests.clinics import Clinic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SOON_MS = 10_000


@pytest.fixture
def quiet(northside: Clinic, southside: Clinic) -> Clinic:
    """Without the alarms that every clinic of the tests has."""
    for clinic in (northside, southside):
        with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
            Episode.objects.all().update(state=Episode.State.DISMISSED, confirmed_at=None)
    evaluate_all_due()
    return northside


def open_board(visit: Visitor, email: str = "nurse@northside.example") -> Page:
    """Not ``go``: a page that is live is never idle for long."""
    visit.sign_in(email)
    visit.page.goto(f"{visit.address}/admin/alarms/")
    expect(visit.page.locator("#alarm-status")).to_contain_text("Live", timeout=SOON_MS)
    return visit.page


def alarm(clinic: Clinic, patient: int = 0, **changes: object) -> Episode:
    with clinic.scope(), transaction.atomic():
        return add_episode(clinic.patients[patient], **{"rule_code": "urgent_low", "severity": "critical", **changes})


def row(page: Page, rule: str) -> Locator:
    return page.locator(".alarm", has=page.get_by_role("link", name=rule, exact=True))


def test_a_reading_becomes_an_alarm_that_is_acknowledged_in_two_clicks(
    quiet: Clinic, southside: Clinic, live_url: str, visit: Visitor
) -> None:
    page = open_board(visit)
    page.evaluate("window.neverReloaded = true")
    expect(page.get_by_text("No open alarms. New ones appear here by themselves.")).to_be_visible()
    post(live_url, southside, glucoseValue=51)
    post(live_url, quiet, glucoseValue=52)
    evaluate_all_due()
    line = row(page, "Urgent low")
    expect(line).to_be_visible(timeout=SOON_MS)
    expect(line).to_have_count(1)
    expect(line).to_contain_text("Critical")
    expect(line).to_contain_text("52")
    expect(page.locator("#alarm-news")).to_contain_text("New alarm, critical. Urgent low: user_5678")
    assert "CANARY-SOUTH" not in page.content()
    line.locator("summary", has_text="Acknowledge").click()
    line.get_by_role("button", name="Yes, acknowledge").click()
    expect(page.locator("#alarm-message")).to_have_text("You have acknowledged this alarm: nobody else is called.")
    expect(line).to_contain_text("Acknowledged: Nurse")
    assert page.evaluate("window.neverReloaded")
    found = [one for one in episodes(quiet, "urgent_low") if one.confirmed_at is not None]
    assert [one.acknowledged_by_id for one in found] == [quiet.people["nurse"].pk]


def test_it_is_snoozed_in_two_clicks_for_oneself(quiet: Clinic, visit: Visitor) -> None:
    alarm(quiet, rule_name="Urgent low")
    page = open_board(visit)
    line = row(page, "Urgent low")
    line.locator("summary", has_text="Snooze").click()
    expect(line.get_by_text("A critical alarm can be snoozed for 30 minutes at most.")).to_be_visible()
    line.get_by_role("button", name="30 min").click()
    expect(line).to_contain_text("Snoozed for you until")
    assert page.locator("[data-heard]").count() == 0


def test_what_others_do_shows_and_the_second_sees_who_was_first(quiet: Clinic, visit: Visitor) -> None:
    episode = alarm(quiet, rule_name="Urgent low")
    page = open_board(visit)
    line = row(page, "Urgent low")
    line.locator("summary", has_text="Acknowledge").click()
    line.get_by_label("Note, if you like").fill("On my way")
    with quiet.scope(), transaction.atomic():
        acts.acknowledge(episode=episode, member=quiet.people["clinician"])
    expect(line).to_contain_text("Acknowledged: Clinician", timeout=SOON_MS)
    # What somebody is typing stays, and so does the focus.
    assert line.get_by_label("Note, if you like").input_value() == "On my way"
    page.keyboard.press("Enter")
    expect(page.locator("#alarm-message")).to_contain_text("Clinician CANARY-NORTH acknowledged this alarm first")
    with quiet.scope(), transaction.atomic():
        acts.resolve(episode=alarm(quiet, rule_code="b", severity="low"), member=quiet.people["nurse"], reason="Test")
    expect(page.locator(".alarm-ended")).to_contain_text("Low", timeout=SOON_MS)


def test_it_works_by_the_keyboard_alone(quiet: Clinic, visit: Visitor) -> None:
    first, second = alarm(quiet, rule_name="First"), alarm(quiet, 1, rule_name="Second")
    page = open_board(visit)
    page.get_by_role("link", name="Second", exact=True).focus()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.alarm") == str(first.public_id)
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.alarm") == str(second.public_id)
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row(page, "Second")).to_contain_text("Acknowledged: Nurse")
    assert page.evaluate("document.activeElement.closest('[data-alarm]').dataset.alarm") == str(second.public_id)


def test_only_the_patients_one_may_see(quiet: Clinic, visit: Visitor) -> None:
    with quiet.scope(), transaction.atomic():
        Organization.objects.filter(pk=quiet.organization.pk).update(assigned_patients_only=True)
        add_to_care_team(patient=quiet.patients[0], member=quiet.people["clinician"])
    page = open_board(visit, "clinician@northside.example")
    alarm(quiet, 1, rule_name="Of somebody else")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    mine = alarm(quiet, 0, rule_name="Of mine")
    with quiet.scope(), transaction.atomic():
        acts.acknowledge(episode=mine, member=quiet.people["nurse"])
    expect(row(page, "Of mine")).to_be_visible(timeout=SOON_MS)
    assert row(page, "Of somebody else").count() == 0


@pytest.mark.promise(36)
def test_who_is_signed_out_is_told_at_once(quiet: Clinic, visit: Visitor) -> None:
    alarm(quiet, rule_name="Urgent low")
    page = open_board(visit)
    BrowserSession.objects.filter(user_id=quiet.user_id("nurse")).delete()
    link = page.get_by_role("link", name="Sign in again")
    expect(link).to_be_visible(timeout=SOON_MS)
    expect(page.locator("#alarm-status")).to_contain_text("Not live since")
    assert page.evaluate("document.getElementById('alarm-board').classList.contains('is-old')")


def test_without_its_stream_it_says_so_and_asks_by_itself(quiet: Clinic, visit: Visitor) -> None:
    visit.page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose({code: 1006})); } };"
    )
    visit.page.clock.install()
    visit.sign_in("nurse@northside.example")
    visit.page.goto(f"{visit.address}/admin/alarms/")
    expect(visit.page.locator("#alarm-status")).to_contain_text("Not live: asking every 15 seconds.")
    alarm(quiet, rule_name="Urgent low")
    visit.page.clock.run_for(16_000)
    expect(row(visit.page, "Urgent low")).to_be_visible()
    visit.page.context.set_offline(True)
    visit.page.clock.run_for(70_000)
    expect(visit.page.locator("#alarm-status")).to_contain_text("no answer. Trying again.")
    visit.page.context.set_offline(False)
    visit.page.clock.run_for(16_000)
    expect(visit.page.locator("#alarm-status")).to_contain_text("Not live: asking every 15 seconds.")
    visit.faults[:] = [fault for fault in visit.faults if "ERR_INTERNET_DISCONNECTED" not in fault]


def test_sound_is_off_until_it_is_wanted_and_rings_until_somebody_acknowledges(quiet: Clinic, visit: Visitor) -> None:
    page = open_board(visit)
    rang = "Number(document.documentElement.dataset.alarmRang || 0)"
    alarm(quiet, rule_name="First")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(row(page, "First")).to_be_visible(timeout=SOON_MS)
    assert page.evaluate(rang) == 0
    page.get_by_role("button", name="Sound: off").click()
    expect(page.get_by_role("button", name="Sound: on")).to_be_visible()
    page.wait_for_function(f"{rang} > 2", timeout=20_000)
    assert page.evaluate("localStorage.getItem('alarms.sound')") == "on"


@pytest.mark.parametrize("visit", EVERY_LOOK, indirect=True)
def test_the_pages_fit(quiet: Clinic, visit: Visitor) -> None:
    episode = alarm(quiet, rule_name="Urgent low", is_late=True)
    for number in range(12):
        alarm(quiet, number % 2, rule_code=f"rule{number}", severity=("low", "medium", "high")[number % 3])
    page = open_board(visit)
    assert not visit.is_wider_than_its_window()
    for path in (
        "alarms/statistics/",
        f"alarms/{episode.public_id}/",
        f"patients/patient/{quiet.patients[0].pk}/?alarms=14d",
    ):
        visit.go(f"/admin/{path}")
        assert not visit.is_wider_than_its_window(), path
    assert page.get_by_role("link", name=re.compile("Urgent low")).count() >= 1
    assert httpx.get(f"{visit.address}/admin/alarms/", follow_redirects=False).status_code == 302
