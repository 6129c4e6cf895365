"""The workplace as a person meets it: a real browser, a real server. Every test also fails on console errors and on
requests to other hosts (see the fixture)."""

from __future__ import annotations

import re

import pytest

from accounts.services import add_member
from tests.browser.conftest import EVERY_LOOK, Visitor
from tests.clinics import PASSWORD, Clinic
from tests.commands import run_command

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def with_readings(northside: Clinic) -> Clinic:
    northside.store(*range(60, 260, 2))
    return northside


def test_sign_in_refuses_a_wrong_password(northside, visit):
    visit.go("/admin/")
    visit.page.fill("#id_username", "nurse@northside.example")
    visit.page.fill("#id_password", "wrong")
    visit.page.click("#login-form button[type=submit]")
    visit.page.get_by_text("Incorrect email or password.").first.wait_for()


@pytest.mark.parametrize("visit", EVERY_LOOK, indirect=True)
def test_every_page_fits_and_is_legible(with_readings: Clinic, visit: Visitor):
    visit.sign_in("owner@northside.example")
    patient, device = with_readings.patients[0].pk, with_readings.devices[0].pk
    pages = [
        "/admin/patients/patient/",
        f"/admin/patients/patient/{patient}/",
        f"/admin/patients/patient/{patient}/?period=14d",
        f"/admin/patients/patient/{patient}/?period=90d",
        f"/admin/patients/patient/{patient}/change/",
        "/admin/devices/device/",
        f"/admin/devices/device/{device}/",
        "/admin/readings/?patient=user_5678",
        "/admin/accounts/membership/",
    ]
    for path in pages:
        visit.go(path)
        assert not visit.is_wider_than_its_window(), path
    dark = visit.page.evaluate("document.documentElement.classList.contains('dark')")
    assert dark == visit.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


@pytest.mark.parametrize("visit", EVERY_LOOK, indirect=True)
def test_one_picture_shows_in_the_proportions_of_the_screen(with_readings: Clinic, visit: Visitor):
    visit.sign_in("nurse@northside.example")
    visit.page.get_by_role("link", name=re.compile("Last Northside")).first.click()
    pictures = visit.page.get_by_role("img", name=re.compile("Glucose over 24 hours"))
    assert pictures.count() == 1
    label = visit.page.locator(".chart-label:visible").first.bounding_box()
    assert label is not None
    assert label["height"] >= 9


def test_the_table_says_what_the_picture_says(with_readings: Clinic, visit: Visitor):
    visit.sign_in("viewer@northside.example")
    visit.go(f"/admin/patients/patient/{with_readings.patients[0].pk}/?period=14d")
    visit.page.get_by_text("The picture as a table").click()
    assert visit.page.get_by_role("columnheader", name="Median").is_visible()


def test_a_key_is_shown_and_gone_with_the_next_page(northside: Clinic, visit: Visitor):
    visit.sign_in("admin@northside.example")
    visit.go(f"/admin/devices/device/{northside.devices[1].pk}/")
    visit.page.get_by_role("button", name="Issue a key").click()
    text = visit.page.locator("#new-key").inner_text()
    assert re.fullmatch(r"glp_\w{51}", text)
    visit.page.get_by_role("link", name="I have copied it").click()
    visit.page.get_by_role("cell", name="live").wait_for()
    assert text not in visit.page.content()


def test_a_patient_is_chosen_by_name(northside: Clinic, visit: Visitor):
    visit.sign_in("nurse@northside.example")
    visit.go(f"/admin/devices/device/{northside.devices[0].pk}/")
    visit.page.locator(".select2-selection").click()
    visit.page.locator(".select2-search__field").fill("9012")
    visit.page.locator(".select2-results__option", has_text="(user_9012)").click()
    visit.page.get_by_role("button", name="Assign", exact=True).click()
    visit.page.get_by_text("The device is assigned.").wait_for()


def test_the_palette_finds_a_patient(with_readings: Clinic, visit: Visitor):
    visit.sign_in("nurse@northside.example")
    visit.page.get_by_role("button", name="Find a patient or device").click()
    visit.page.locator("#search-input-command").press_sequentially("9012")
    visit.page.locator("#command-results-list a").first.click()
    visit.page.wait_for_url("**/admin/patients/patient/*/")
    assert visit.page.evaluate("JSON.stringify(localStorage)").find("Last") == -1


def test_the_switcher_changes_the_clinic(northside: Clinic, southside: Clinic, visit: Visitor):
    for clinic in (northside, southside):
        with clinic.scope():
            add_member(email="both@clinics.example", name="Robin", role="nurse", password=PASSWORD)
    visit.sign_in("both@clinics.example")
    other = "Southside" if visit.page.get_by_text("Last Northside").count() else "Northside"
    visit.page.locator("#site-name").click()
    visit.page.get_by_role("button", name=re.compile(other)).click()
    visit.page.get_by_text(f"Last {other}").first.wait_for()
    here = "Northside" if other == "Southside" else "Southside"
    assert visit.page.get_by_text(f"Last {here}").count() == 0


def test_the_link_of_a_new_person_sets_the_password_in_a_browser(northside: Clinic, visit: Visitor):
    """A browser may hide where a form came from, and the check against forged requests would then refuse it."""
    person = ["--email", "new@northside.example", "--name", "New", "--role", "nurse"]
    result = run_command("create_user", "--organization", "northside", *person)
    link = re.search(r"/account/set-password/\S+", result.out)
    assert link is not None
    visit.go(link[0])
    for field in ("#id_new_password1", "#id_new_password2"):
        visit.page.fill(field, PASSWORD)
    visit.page.click("button[type=submit]")
    visit.page.get_by_text("You can sign in now.").wait_for()
    visit.sign_in("new@northside.example")
