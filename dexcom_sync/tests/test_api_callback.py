"""What a browser that comes from Dexcom's page is told, and what comes of it: against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from dexcom_sync.models import ConnectRequest
from dexcom_sync.tests.consenting import CALLBACK, begin_in_app, begin_in_browser, connections_of
from dexcom_sync.tests.syncing import sandbox_settings
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(34)]

USER = "SandboxUser7"


@pytest.fixture(autouse=True)
def settings_of_the_sandbox(dexcom_sandbox: DexcomSandbox) -> Iterator[None]:
    with sandbox_settings(dexcom_sandbox):
        yield


def come_back(browser: Client, **query: str) -> Any:
    response = browser.get(CALLBACK, query)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]
    assert "default-src" in response.headers["Content-Security-Policy"]
    return response


def test_a_nurse_connects_a_patient_once(northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    browser = northside.admin("nurse")
    state, code = begin_in_browser(northside, browser), dexcom_sandbox.code(USER)

    response = come_back(browser, state=state, code=code)

    patient = northside.patients[0]
    panel = f"/admin/patients/patient/{patient.pk}/#dexcom"
    assert (response.status_code, response.headers["Location"]) == (302, panel)
    assert "Connected to Dexcom" in browser.get(panel.partition("#")[0]).content.decode()
    (connection,) = connections_of(northside)
    assert (connection.patient_id, connection.status) == (patient.pk, "active")
    assert connections_of(southside) == []
    # The same address again, as a browser's history offers it.
    again = come_back(browser, state=state, code=dexcom_sandbox.code(USER))
    assert again.status_code == 400
    assert "used already" in again.content.decode()


def test_another_browser_of_the_same_person_finishes_nothing(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    browser, other = northside.admin("nurse"), northside.admin("nurse")
    state, code = begin_in_browser(northside, browser), dexcom_sandbox.code(USER)
    assert come_back(other, state=state, code=code).status_code == 400
    assert come_back(northside.admin("owner"), state=state, code=code).status_code == 400
    assert connections_of(northside) == []
    assert come_back(browser, state=state, code=code).status_code == 302


def test_nobody_and_another_clinic_are_told_what_to_do(
    northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox
) -> None:
    state, code = begin_in_browser(northside, northside.admin("nurse")), dexcom_sandbox.code(USER)
    nobody = come_back(Client(), state=state, code=code)
    assert nobody.status_code == 401
    assert "Sign in" in nobody.content.decode()
    elsewhere = come_back(southside.admin("nurse"), state=state, code=code)
    assert elsewhere.status_code == 409
    assert "another clinic" in elsewhere.content.decode()
    assert connections_of(northside) == connections_of(southside) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [("access_denied", "was declined"), ("server_error", "in trouble"), ("<b>words</b>", "ended without a consent")],
)
def test_a_refusal_of_dexcoms_page_is_put_into_words(error: str, sentence: str, northside: Clinic) -> None:
    browser = northside.admin("nurse")
    state = begin_in_browser(northside, browser)
    html = come_back(browser, state=state, error=error).content.decode()
    assert sentence in html
    assert "words" not in html
    assert "Back to the patient" in html
    assert "used already" in come_back(browser, state=state, code="late").content.decode()


def test_what_dexcom_refuses_is_put_into_words(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    browser = northside.admin("nurse")
    spent = come_back(browser, state=begin_in_browser(northside, browser), code="no-such-code")
    assert spent.status_code == 400
    assert "good for one minute" in spent.content.decode()
    dexcom_sandbox.fault({"endpoint": "token"}, "status", status=503, times=5)
    away = come_back(browser, state=begin_in_browser(northside, browser), code=dexcom_sandbox.code(USER))
    assert away.status_code == 503
    assert "Begin again" in away.content.decode() or "Try again" in away.content.decode()
    assert connections_of(northside) == []


@pytest.mark.parametrize("query", [[], [("state", "made-up"), ("code", "x")], [("code", "x")]])
def test_a_state_that_nobody_began_is_refused(query: list[tuple[str, str]], northside: Clinic) -> None:
    for browser in (Client(), northside.admin("nurse")):
        response = browser.get(f"{CALLBACK}?{urlencode(query)}")
        assert response.status_code == 400
        assert "not begun here" in response.content.decode()


def test_a_state_that_is_given_twice_is_none(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    browser = northside.admin("nurse")
    state, code = begin_in_browser(northside, browser), dexcom_sandbox.code(USER)
    response = browser.get(f"{CALLBACK}?{urlencode([('state', state), ('state', state), ('code', code)])}")
    assert response.status_code == 400
    assert browser.post(CALLBACK, {"state": state, "code": code}).status_code in (403, 405)
    assert browser.head(CALLBACK, {"state": state, "code": code}).status_code == 405
    assert connections_of(northside) == []


def test_a_state_of_long_ago_is_refused(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    browser = northside.admin("nurse")
    state, code = begin_in_browser(northside, browser), dexcom_sandbox.code(USER)
    with northside.scope(), transaction.atomic():
        assert ConnectRequest.objects.update(expires_at=timezone.now()) == 1
    response = come_back(browser, state=state, code=code)
    assert response.status_code == 400
    assert "older than ten minutes" in response.content.decode()
    assert connections_of(northside) == []


def test_what_an_app_began_is_left_to_the_app(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    """Whoever holds the browser, the nurse who began it too: only the app has the Bearer token."""
    state = begin_in_app(northside.api("nurse"), patient="user_5678")
    code = dexcom_sandbox.code(USER)
    for browser in (Client(), northside.admin("nurse"), northside.admin("owner")):
        html = come_back(browser, state=state, code=code).content.decode()
        assert "Return to the app" in html
        assert code not in html
        assert state not in html
    assert "was declined" in come_back(Client(), state=state, error="access_denied").content.decode()
    assert connections_of(northside) == []


def test_the_path_of_the_api_leads_to_the_page_and_nowhere_else() -> None:
    response = Client().get("/api/v1/dexcom/auth/callback?state=s&code=c&next=https://evil.example/")
    assert (response.status_code, response.headers["Location"]) == (
        302,
        "/auth/callback?state=s&code=c&next=https://evil.example/",
    )
    assert response.headers["Referrer-Policy"] == "no-referrer"
