"""From the clinic's first page to one day of one patient, with a keyboard and nothing else; and that it can be read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.clinics import Clinic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_STEPS = 80
# Of each text that shows, its contrast with what is painted behind it (WCAG 2.2, 1.4.3), where it is too little.
TOO_FAINT = """() => {
  const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
  const seen = (colours) => {
    context.fillStyle = '#fff'; context.fillRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const faint = [], walker = document.createTreeWalker(document.querySelector('main') || document.body, 4);
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || holder.closest('svg, script, style, option, .w-hidden')) continue;
    if (!holder.checkVisibility() || !holder.getClientRects().length) continue;
    const behind = [];
    for (let place = holder; place; place = place.parentElement)
      behind.unshift(getComputedStyle(place).backgroundColor);
    const style = getComputedStyle(holder), size = parseFloat(style.fontSize);
    const [text, ground] = [light(seen([...behind, style.color])), light(seen(behind))];
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return faint;
}"""


@pytest.fixture
def with_days(northside: Clinic) -> Clinic:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for ago in range(15):
        northside.store(*[50, 90, 150, 200, 260, 130] * 40, until=noon - timedelta(days=ago), every_minutes=6)
    return northside


def follow(page: Page, name: str) -> None:
    """Step by the key of a keyboard to the link of the page's content, and enter."""
    link = page.locator("#main, main, #content").last.get_by_role("link", name=re.compile(name)).first
    expect(link).to_be_visible()
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    else:
        raise AssertionError(f"no way to {name} with the keyboard")
    outline = link.evaluate("link => getComputedStyle(link).outlineStyle")
    assert outline != "none", name
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")


def test_the_keyboard_leads_from_the_first_page_to_a_day(with_days: Clinic, southside: Clinic, visit: Visitor) -> None:
    page = visit.page
    visit.sign_in("clinician@northside.example")
    visit.go("/admin/")
    follow(page, "^Worklist$")
    expect(page).to_have_url(re.compile(r"/admin/worklist/"))
    follow(page, "Last Northside")
    follow(page, "^Profile$")
    expect(page.get_by_role("heading", name="Ambulatory glucose profile")).to_be_visible()
    follow(page, "^Days$")
    follow(page, "Day before")
    expect(page.get_by_role("link", name="Day after")).to_be_visible()
    assert "Last Southside" not in page.content()


def test_each_page_can_be_read(with_days: Clinic, visit: Visitor) -> None:
    visit.sign_in("owner@northside.example")
    patient = f"/admin/patients/patient/{with_days.patients[0].pk}/"
    pages = ["/admin/", *(patient + name for name in ("", "profile/", "days/", "statistics/", "alarms/", "devices/"))]
    faint = {}
    for width, scheme in ((1280, "dark"), (390, "light")):
        visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        visit.page.set_viewport_size({"width": width, "height": 900})
        for path in pages:
            visit.page.goto(visit.address + path)
            assert not visit.is_wider_than_its_window(), path
            faint[path, scheme] = visit.page.evaluate(TOO_FAINT)
    assert {where: texts for where, texts in faint.items() if texts} == {}
