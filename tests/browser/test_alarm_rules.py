"""A rule written by keyboard alone, tried, saved, and in force: what is measured next alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.evaluation.everywhere import evaluate_all_due
from alerts.tests.evaluating import episodes
from edge.tests.streaming import post
from tests.browser.conftest import EVERY_LOOK, Visitor
from tests.clinics import Clinic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDIT = "/admin/alarm-rules/edit/"


def tab_to(visit: Visitor, selector: str) -> None:
    """As whoever has no mouse gets there."""
    for _ in range(120):
        if visit.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        visit.page.keyboard.press("Tab")
    raise AssertionError(f"No way by keyboard to {selector}")


def fill(visit: Visitor, selector: str, text: str) -> None:
    tab_to(visit, selector)
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.type(text)


def test_a_rule_is_written_by_keyboard_alone(live_url: str, northside: Clinic, visit: Visitor) -> None:
    now = datetime.now(UTC)
    northside.store(*[120] * 6, *[66] * 6, *[120] * 6, until=now - timedelta(days=1))
    begins, ends = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-6, 6))
    visit.sign_in("clinician@northside.example")
    visit.go(EDIT)
    fill(visit, "#id-name", "Low by day")
    fill(visit, "[name='c0-mgdl']", "68")
    tab_to(visit, "#node-0 summary")
    visit.page.keyboard.press("Enter")
    tab_to(visit, "button[value='and:0']")
    visit.page.keyboard.press("Enter")
    visit.page.locator("[name='c0.1-type'][data-new]").wait_for()
    assert visit.page.evaluate("document.activeElement.name") == "c0.1-type"
    visit.page.keyboard.type("the clock")
    visit.page.locator("[name='c0.1-from']").wait_for()
    assert visit.page.locator("[name='c0.0-mgdl']").input_value() == "68"
    fill(visit, "[name='c0.1-from']", begins)
    fill(visit, "[name='c0.1-until']", ends)
    tab_to(visit, "button[value='try']")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_text("would have alarmed once").first.wait_for()
    tab_to(visit, "button[value='save']")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_text(f"Alarm when glucose is below 68 mg/dL, between {begins} and {ends}.").first.wait_for()

    post(live_url, northside, glucoseValue=66)
    evaluate_all_due()

    (episode,) = episodes(northside, "low_by_day")
    assert episode.confirmed_at is not None


@pytest.mark.parametrize("visit", EVERY_LOOK, indirect=True)
def test_every_page_of_rules_fits(northside: Clinic, visit: Visitor) -> None:
    northside.store(*[120] * 6, *[66] * 6, *[120] * 6)
    visit.sign_in("owner@northside.example")
    for path in ("", "?patient=user_5678", "?preset=clinic", "edit/?rule=predicted_low", "simple/?patient=user_5678"):
        visit.go(f"/admin/alarm-rules/{path}")
        assert not visit.is_wider_than_its_window(), path
    visit.go(f"{EDIT}?rule=low")
    visit.page.get_by_role("button", name="Try it").click()
    visit.page.get_by_text("would have alarmed once").first.wait_for()
    assert not visit.is_wider_than_its_window()


def test_saving_what_is_wrong_keeps_what_was_typed(northside: Clinic, visit: Visitor) -> None:
    visit.sign_in("clinician@northside.example")
    visit.go(f"{EDIT}?rule=low")
    visit.page.fill("[name='c0-mgdl']", "7")
    visit.page.get_by_role("button", name="Save").click()
    visit.page.get_by_text("Write a number from 40 to 400 mg/dL.").wait_for()
    assert visit.page.input_value("[name='c0-mgdl']") == "7"
    visit.page.fill("[name='c0-mgdl']", "60")
    visit.page.get_by_role("button", name="Save").click()
    visit.page.get_by_text("For 2 patients").wait_for()
    visit.page.get_by_role("button", name="No, go back").click()
    assert visit.page.input_value("[name='c0-mgdl']") == "60"
