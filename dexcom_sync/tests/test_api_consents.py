"""Connecting from an app, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from dexcom_sync.tests.consenting import TOKEN, URL, begin_in_app, begin_in_browser, connections_of
from dexcom_sync.tests.syncing import sandbox_settings
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox

pytestmark = [pytest.mark.django_db(transaction=True)]

USER = "SandboxUser7"
JSON = "application/json"


@pytest.fixture(autouse=True)
def settings_of_the_sandbox(dexcom_sandbox: DexcomSandbox) -> Iterator[None]:
    with sandbox_settings(dexcom_sandbox):
        yield


def test_a_patient_connects_itself(northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    api = northside.api("patient")
    state = begin_in_app(api, state="the app's own")
    sent = {"code": dexcom_sandbox.code(USER), "state": state}

    response = api.post(TOKEN, sent, JSON)

    assert response.status_code == 200, response.content
    (connection,) = connections_of(northside)
    assert connection.patient_id == northside.patients[0].pk
    body = response.json()
    assert body.keys() == {"connection", "status", "expires_in", "state"}
    assert (body["connection"], body["status"], body["state"]) == (
        str(connection.public_id), "active", "the app's own",
    )  # fmt: skip
    assert 0 < body["expires_in"] <= 7200
    assert connections_of(southside) == []
    assert api.post(TOKEN, sent, JSON).status_code == 400


def test_a_patient_connects_nobody_else(northside: Clinic, southside: Clinic) -> None:
    assert northside.api("patient").get(URL, {"patient": "user_9012"}).status_code == 404
    assert northside.api("viewer").get(URL, {"patient": "user_5678"}).status_code == 403
    assert northside.api("nurse").get(URL, {"patient": "nobody"}).status_code == 404
    missing = northside.api("nurse").get(URL)
    assert (missing.status_code, missing.json()["detail"][0]["loc"]) == (422, ["query", "patient"])


def test_only_whoever_began_finishes(northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    browser = northside.admin("nurse")
    began = begin_in_app(northside.api("nurse"), patient="user_5678")
    in_browser = begin_in_browser(northside, browser)
    code = dexcom_sandbox.code(USER)
    for who, state in [
        (northside.api("owner"), began),
        (northside.api("patient"), began),
        (southside.api("nurse"), began),
        # The same person, and another way than the one that it was begun in.
        (northside.api("nurse"), in_browser),
    ]:
        refused = who.post(TOKEN, {"code": code, "state": state}, JSON)
        assert refused.status_code == 400
        assert "not begun here" in refused.json()["detail"]
    assert connections_of(northside) == connections_of(southside) == []
    assert northside.api("nurse").post(TOKEN, {"code": code, "state": began}, JSON).status_code == 200


def test_a_region_without_an_application_is_refused(northside: Clinic) -> None:
    api = northside.api("nurse")
    refused = api.get(URL, {"patient": "user_5678", "region": "eu"})
    assert refused.status_code == 422
    assert "sandbox" in refused.json()["detail"][0]["msg"]
    with override_settings(DEXCOM_APPLICATIONS={}):
        refused = api.get(URL, {"patient": "user_5678"})
        assert "no application" in refused.json()["detail"][0]["msg"]


def test_credentials_that_dexcom_refuses_are_nobodys_fault_here(
    northside: Clinic, dexcom_sandbox: DexcomSandbox
) -> None:
    api = northside.api("patient")
    sent = {"code": dexcom_sandbox.code(USER), "state": begin_in_app(api)}
    with override_settings(DEXCOM_APPLICATIONS={"sandbox": ("not-known", "wrong")}):
        refused = api.post(TOKEN, sent, JSON)
    assert refused.status_code == 503
    assert "operator" in refused.json()["detail"]
