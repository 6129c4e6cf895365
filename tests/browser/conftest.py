from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.clinics import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# Each width and each scheme by day, all four together at night.
EVERY_LOOK = [
    (1280, "light"),
    (390, "dark"),
    pytest.param((1280, "dark"), marks=pytest.mark.nightly),
    pytest.param((390, "light"), marks=pytest.mark.nightly),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt install chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, and Django refuses to work beside one.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """A page that notes what went wrong on it: errors of the console, and requests to other hosts."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.faults: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self._check_host(request.url))

    def sign_in(self, email: str) -> None:
        self.page.goto(f"{self.address}/admin/")
        self.page.fill("#id_username", email)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("#login-form button[type=submit]")
        # The page to sign in at has the same end, behind its question mark.
        self.page.wait_for_url(f"{self.address}/admin/")
        self.page.goto(f"{self.address}/admin/patients/patient/")

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")

    def is_wider_than_its_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(text)

    def _check_host(self, url: str) -> None:
        if url.startswith("http") and urlsplit(url).netloc != urlsplit(self.address).netloc:
            self.faults.append(f"request to {url}")


@pytest.fixture
def visit(chromium: Browser, live_url: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A visitor of the running server. Parametrized indirectly by width and colour scheme."""
    look: tuple[int, Any] = getattr(request, "param", (1280, "light"))
    width, scheme = look
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    visitor = Visitor(context.new_page(), live_url)
    yield visitor
    context.close()
    assert visitor.faults == []
