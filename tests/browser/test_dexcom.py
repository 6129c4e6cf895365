"""A nurse connects a patient through Dexcom's own page, as the sandbox has it, and ends the connection again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from dexcom_sync.models import Connection
from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET
from dexcom_sync.tests.syncing import run_backfill, run_sync, sandbox_settings
from readings.models import GlucoseReading
from tests.browser.conftest import Visitor
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox
from tests.live import free_port, running_server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOON_MS = 15_000


@contextmanager
def server_of(sandbox: DexcomSandbox) -> Iterator[str]:
    """Behind an address that is known before the server's port is: where it comes back to is a setting."""
    environment = {
        "DEXCOM_CLIENT_ID": CLIENT_ID,
        "DEXCOM_CLIENT_SECRET": CLIENT_SECRET,
        "DEXCOM_ENVIRONMENT": "sandbox",
        "DEXCOM_SANDBOX_URL": sandbox.url,
    }
    port = free_port()
    environment["DEXCOM_REDIRECT_URI"] = f"http://127.0.0.1:{port}/auth/callback"
    sandbox.register(environment["DEXCOM_REDIRECT_URI"])
    with running_server(environment=environment, port=port) as address:
        yield address


class VisitorOfBoth(Visitor):
    """Also of the sandbox's pages, which belong to the way."""

    def __init__(self, page: Page, address: str, sandbox: str) -> None:
        self.sandbox = sandbox
        super().__init__(page, address)

    def _check_host(self, url: str) -> None:
        if not url.startswith(self.sandbox):
            super()._check_host(url)


def the_connection(clinic: Clinic) -> Connection:
    with clinic.scope(), transaction.atomic():
        found: Connection = Connection.objects.get()
        return found


def test_a_nurse_connects_a_patient_and_disconnects_again(
    chromium: Browser, northside: Clinic, dexcom_sandbox: DexcomSandbox
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 900})
    with server_of(dexcom_sandbox) as address, sandbox_settings(dexcom_sandbox):
        visit = VisitorOfBoth(context.new_page(), address, dexcom_sandbox.url)
        page = visit.page
        visit.sign_in("nurse@northside.example")
        visit.go(f"/admin/patients/patient/{northside.patients[0].pk}/")
        panel = page.locator("#dexcom")
        panel.get_by_role("button", name="Connect with Dexcom").click()

        page.get_by_label("SandboxUser7").check()
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Type your name").fill("Ann Example")
        page.get_by_role("button", name="Approve").click()

        page.wait_for_url(f"{address}/admin/patients/patient/**")
        expect(panel.locator(".w-badge")).to_have_text("Connected")
        expect(panel).to_contain_text("nothing yet")

        # What a worker does; the page asks for itself, and is not loaded anew.
        page.evaluate("window.wasHereBefore = true")
        run_sync(northside, the_connection(northside))
        expect(panel.get_by_text("Read back to")).to_be_visible(timeout=SOON_MS)
        run_backfill(northside)
        expect(panel.get_by_text("Read back to")).to_be_hidden(timeout=SOON_MS)
        expect(panel).to_contain_text("31 May 2026")
        assert page.evaluate("window.wasHereBefore")
        with northside.scope(), transaction.atomic():
            assert GlucoseReading.objects.for_patient(northside.patients[0]).count() > 500
        assert not visit.is_wider_than_its_window()

        panel.get_by_role("button", name="Pause").click()
        expect(panel.locator(".w-badge")).to_have_text("Paused")
        panel.get_by_text("Disconnect", exact=True).first.click()
        panel.get_by_label("Erase the tokens").check()
        panel.get_by_role("button", name="Disconnect").click()
        expect(panel.locator(".w-badge")).to_have_text("Withdrawn")
        expect(panel.get_by_role("button", name="Connect with Dexcom")).to_be_visible()
        assert visit.faults == []
    context.close()
    assert the_connection(northside).status == Connection.Status.REVOKED
