"""Signing in with a second factor, and the platform's support, as people meet them in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.browser_sessions.models import BrowserSession
from accounts.browser_sessions.services import SENTENCES
from accounts.models import User
from tests.browser.conftest import Visitor
from tests.clinic_people import SUPPORT_EMAIL, make_support_person
from tests.clinics import PASSWORD, Clinic
from tests.live import running_server
from tests.second_factor import code_for, set_up_second_factor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.promise(24)]

NURSE = "nurse@northside.example"


@pytest.fixture(scope="module")
def strict_url(django_db_setup: None) -> Iterator[str]:
    """A server that requires a second factor of staff."""
    with running_server(environment={"STAFF_SECOND_FACTOR": "required"}) as address:
        yield address


@pytest.fixture
def strict(chromium: Browser, strict_url: str) -> Iterator[Visitor]:
    context = chromium.new_context(viewport={"width": 390, "height": 900})
    visitor = Visitor(context.new_page(), strict_url)
    yield visitor
    context.close()
    assert visitor.faults == []


def give_password(visit: Visitor, email: str = NURSE) -> None:
    visit.page.goto(f"{visit.address}/admin/")
    visit.page.fill("#id_username", email)
    visit.page.fill("#id_password", PASSWORD)
    visit.page.click("#login-form button[type=submit]")


def give_code(visit: Visitor, code: str) -> None:
    visit.page.fill("#id_code", code)
    visit.page.locator("#id_code").press("Enter")


def person(clinic: Clinic) -> User:
    user = User.objects.with_id(clinic.people["nurse"].user_id)
    assert user
    return user


def test_staff_set_up_a_second_factor_before_anything_else(northside: Clinic, strict: Visitor) -> None:
    give_password(strict)
    strict.page.get_by_role("img", name="QR code").wait_for()
    assert not strict.is_wider_than_its_window()
    strict.page.get_by_text("It cannot be scanned").click()
    secret = strict.page.locator("#secret").inner_text()
    give_code(strict, code_for(secret))
    strict.page.get_by_text("Print these codes").wait_for()
    assert not strict.is_wider_than_its_window()
    codes = strict.page.locator(".w-codes code").all_inner_texts()
    assert len(codes) == 10
    strict.page.get_by_role("link", name="I have kept them").click()
    strict.page.wait_for_url("**/admin/")
    strict.page.context.clear_cookies()
    give_password(strict)
    give_code(strict, codes[0])
    strict.page.wait_for_url("**/admin/")


def test_the_code_comes_after_the_password(northside: Clinic, visit: Visitor) -> None:
    phone = set_up_second_factor(person(northside))
    give_password(visit)
    give_code(visit, "000000")
    visit.page.get_by_role("alert").wait_for()
    give_code(visit, code_for(phone.secret, steps=1))
    visit.page.wait_for_url("**/admin/")


@pytest.mark.parametrize("visit", [(1280, "light"), (390, "dark")], indirect=True)
def test_ones_own_security(northside: Clinic, visit: Visitor) -> None:
    visit.sign_in(NURSE)
    visit.go("/admin/security/")
    assert not visit.is_wider_than_its_window()
    visit.page.get_by_role("button", name="Set it up").click()
    visit.page.get_by_text("It cannot be scanned").click()
    give_code(visit, code_for(visit.page.locator("#secret").inner_text()))
    visit.page.get_by_text("Print these codes").wait_for()
    visit.page.reload()
    visit.page.get_by_text("10 of 10 recovery codes left.").wait_for()
    visit.page.get_by_text("this one").wait_for()


def test_whoever_comes_back_after_a_quarter_of_an_hour_is_told_why(northside: Clinic, visit: Visitor) -> None:
    visit.sign_in(NURSE)
    BrowserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=16))
    visit.go("/admin/devices/device/")
    visit.page.get_by_text(SENTENCES["idle"]).wait_for()
    visit.page.fill("#id_username", NURSE)
    visit.page.fill("#id_password", PASSWORD)
    visit.page.click("#login-form button[type=submit]")
    visit.page.wait_for_url("**/admin/devices/device/")


def test_what_was_typed_survives_the_question_whether_it_is_still_you(northside: Clinic, visit: Visitor) -> None:
    visit.sign_in("admin@northside.example")
    visit.go(f"/admin/devices/device/{northside.devices[1].pk}/")
    for row in BrowserSession.objects.filter(user__isnull=False):
        session = row.get_session_store_class()(row.session_key)
        session["proved_at"] -= 3600
        session.save()
    visit.page.get_by_label("Name of a new key").fill("bedside")
    visit.page.get_by_role("button", name="Issue a key").click()
    visit.page.fill("#id_proof", PASSWORD)
    visit.page.get_by_role("button", name="Go on").click()
    visit.page.locator("#new-key").wait_for()
    visit.page.get_by_text("bedside").wait_for()
    visit.page.reload()
    assert visit.page.locator("#new-key").count() == 0


@pytest.mark.promise(58)
@pytest.mark.parametrize("visit", [(1280, "light"), (390, "light")], indirect=True)
def test_support_enters_a_clinic_and_leaves(northside: Clinic, visit: Visitor) -> None:
    make_support_person(password=PASSWORD)
    give_password(visit, SUPPORT_EMAIL)
    visit.page.fill("#id_code", "northside")
    visit.page.fill("#id_reason", "asked for by the clinic")
    visit.page.get_by_role("button", name="Enter").click()
    visit.page.wait_for_url("**/admin/")
    visit.page.get_by_text("You are in Northside").wait_for()
    assert not visit.is_wider_than_its_window()
    assert visit.page.get_by_role("link", name="Add patient").count() == 0
    visit.page.get_by_role("button", name="Leave").click()
    visit.page.get_by_text("You have left the clinic.").wait_for()
