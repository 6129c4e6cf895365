"""The sandbox's consent pages in a browser that runs no scripts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from dexcom_sync.sandbox.world import CLIENT_ID
from tests.dexcom import DexcomSandbox

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, dexcom_sandbox: DexcomSandbox) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


def begin(page: Page, sandbox: DexcomSandbox, *, host: str = "sandbox") -> str:
    """Opens the login, and gives the address that it returns to."""
    callback = f"{sandbox.url}/health"
    sandbox.register(callback)
    query = {
        "client_id": CLIENT_ID, "redirect_uri": callback, "response_type": "code", "scope": "offline_access",
        "state": "x&y",
    }  # fmt: skip
    page.goto(f"{sandbox.url_of(host)}/v3/oauth2/login?{urlencode(query)}")
    return callback


def came_back(page: Page, callback: str) -> dict[str, list[str]]:
    page.wait_for_url(f"{callback}?*")
    return parse_qs(urlsplit(page.url).query)


def test_somebody_approves(page: Page, dexcom_sandbox: DexcomSandbox) -> None:
    callback = begin(page, dexcom_sandbox)
    page.get_by_label("SandboxUser7").check()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Approve").click()
    assert page.get_by_role("alert").inner_text() == "Type your name to approve."
    page.get_by_label("Type your name").fill("Ann Example")
    page.get_by_role("button", name="Approve").click()

    assert set(came_back(page, callback)) == {"code", "state"}


def test_somebody_denies(page: Page, dexcom_sandbox: DexcomSandbox) -> None:
    callback = begin(page, dexcom_sandbox)
    page.get_by_label("SandboxUser6").check()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Deny").click()

    assert came_back(page, callback) == {"error": ["access_denied"], "state": ["x&y"]}


def test_somebody_chose_the_wrong_region_and_tries_again(page: Page, dexcom_sandbox: DexcomSandbox) -> None:
    begin(page, dexcom_sandbox, host="eu")
    page.get_by_label("SandboxUser7").check()
    page.get_by_role("button", name="Sign in").click()
    assert "not correct" in page.get_by_role("alert").inner_text()
    page.get_by_label("SandboxUser8").check()
    page.get_by_role("button", name="Sign in").click()

    assert page.get_by_role("button", name="Approve").is_visible()
    assert page.locator("body").evaluate("node => node.scrollWidth") <= 390
