"""Connections over REST, against the sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from audit.models import Entry
from dexcom_sync.applications import limiter_of
from dexcom_sync.limiter import Lane
from dexcom_sync.models import Connection, Token
from dexcom_sync.services import standing
from dexcom_sync.sync.work import sync_one
from dexcom_sync.tasks import sync_now
from dexcom_sync.tests.syncing import connect, fresh, run_backfill, run_sync, sandbox_settings
from tests.clinics import SECOND_PATIENT, Clinic
from tests.dexcom import DexcomSandbox

pytestmark = [pytest.mark.django_db(transaction=True)]

LIST = "/api/v1/dexcom/connections"
USER = "SandboxUser7"


@pytest.fixture(autouse=True)
def settings_of_the_sandbox(dexcom_sandbox: DexcomSandbox) -> Iterator[None]:
    with sandbox_settings(dexcom_sandbox):
        yield


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []
    monkeypatch.setattr(sync_now, "apply_async", lambda **options: tasks.append(options["kwargs"]))
    return tasks


def path(connection: Connection, act: str = "") -> str:
    return f"{LIST}/{connection.public_id}" + (f"/{act}" if act else "")


def set_connection(clinic: Clinic, connection: Connection, **values: Any) -> None:
    with clinic.scope(), transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(**values)


def test_the_answer_says_how_it_stands(northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    connection = connect(northside, dexcom_sandbox, USER)
    other = connect(northside, dexcom_sandbox, USER, patient=1)
    before = northside.api("nurse").get(path(connection)).json()
    assert (before["dataThrough"], before["progress"], before["lastError"]) == (None, [], None)

    run_sync(northside, connection)
    api = northside.api("nurse")
    reading = api.get(path(connection)).json()
    run_backfill(northside)
    whole = api.get(path(connection)).json()

    assert (whole["status"], whole["patient"], whole["isReading"], whole["isReadingPast"]) == (
        "active", northside.patients[0].code, False, False,
    )  # fmt: skip
    assert "one to three hours" in whole["statusText"]
    assert None not in (whole["dataThrough"], whole["lastSyncAt"], whole["nextLookAt"])
    shares = {row["resource"]: row["pastShare"] for row in whole["progress"]}
    assert shares["egvs"] == 1
    begun = {row["resource"]: row["pastShare"] for row in reading["progress"]}
    assert 0 < begun["egvs"] < 1
    listed = api.get(LIST).json()
    assert [item["id"] for item in listed["items"]] == [str(connection.public_id), str(other.public_id)]
    assert [item["id"] for item in northside.api("patient").get(LIST).json()["items"]] == [str(connection.public_id)]
    assert southside.api("nurse").get(LIST).json()["items"] == []
    assert southside.api("nurse").get(path(connection)).status_code == 404
    assert northside.api(SECOND_PATIENT).get(path(connection)).status_code == 404


def test_an_error_is_told_in_words(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    connection = connect(northside, dexcom_sandbox, USER)
    dexcom_sandbox.fault({"endpoint": "dataRange"}, "status", status=500, times=20)
    run_sync(northside, connection)
    error = northside.api("patient").get(path(connection)).json()["lastError"]
    assert error["code"] == "trouble_500"
    assert "HTTP 500" in error["text"]
    assert error["at"]


def test_reading_now_is_handed_to_the_workers(
    northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox, sent: list[dict[str, Any]]
) -> None:
    connection = connect(northside, dexcom_sandbox, USER)
    assert southside.api("nurse").post(path(connection, "sync")).status_code == 404
    assert northside.api("viewer").post(path(connection, "sync")).status_code == 403
    assert sent == []
    answer = northside.api("patient").post(path(connection, "sync"))
    assert (answer.status_code, answer.json()["id"]) == (202, str(connection.public_id))
    assert sent == [{"connection_id": connection.pk}]
    with northside.scope():
        sync_one(connection.pk)
    assert fresh(northside, connection).data_through is not None


def test_beyond_the_budget_reading_now_waits(
    northside: Clinic, dexcom_sandbox: DexcomSandbox, sent: list[dict[str, Any]]
) -> None:
    connection = connect(northside, dexcom_sandbox, USER)
    # Of an application of its own: what is spent here, or stopped, concerns no other test.
    application = {"sandbox": (uuid.uuid4().hex, "secret")}
    with override_settings(DEXCOM_APPLICATIONS=application, DEXCOM_CALLS_PER_HOUR=60, DEXCOM_CALL_BURST=1):
        limiter_of("sandbox").ask(Lane.INTERACTIVE)
        refused = northside.api("nurse").post(path(connection, "sync"))
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 120
        # A worker has it in hand: what it brings is what was asked for.
        set_connection(northside, connection, claimed_until=timezone.now() + timedelta(minutes=5))
        assert northside.api("nurse").post(path(connection, "sync")).status_code == 202
        set_connection(northside, connection, claimed_until=None)
        limiter_of("sandbox").stop("invalid_client")
        stopped = northside.api("nurse").post(path(connection, "sync"))
        assert stopped.status_code == 503
        assert "operator" in stopped.json()["detail"]


def test_pausing_and_disconnecting(northside: Clinic, dexcom_sandbox: DexcomSandbox, sent: list[Any]) -> None:
    connection, api = connect(northside, dexcom_sandbox, USER), northside.api("patient")
    assert api.post(path(connection, "pause")).json()["status"] == "paused"
    refused = api.post(path(connection, "sync"))
    assert (refused.status_code, sent) == (409, [])
    assert "resumes" in refused.json()["detail"]
    assert api.post(path(connection, "resume")).json()["status"] == "active"
    assert api.delete(path(connection)).status_code == 204
    with northside.scope(), transaction.atomic():
        assert not Token.objects.filter(connection_id=connection.pk).exists()
    assert api.get(LIST).json()["items"] == []
    assert api.get(LIST, {"status": "revoked"}).json()["items"][0]["id"] == str(connection.public_id)
    assert api.delete(path(connection)).status_code == 409


def test_the_staff_vouch_for_an_account_and_say_why(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    connection, nurse = connect(northside, dexcom_sandbox, USER), northside.api("nurse")
    assert nurse.post(path(connection, "accept"), {"reason": "r"}, "application/json").status_code == 409
    with northside.scope():
        standing.quarantine(connection, "wrong_person")
    assert (
        northside.api("patient").post(path(connection, "accept"), {"reason": "r"}, "application/json").status_code
        == 403
    )
    assert nurse.post(path(connection, "accept"), {}, "application/json").status_code == 422
    accepted = nurse.post(path(connection, "accept"), {"reason": "shown on the phone"}, "application/json")
    assert (accepted.status_code, accepted.json()["status"]) == (200, "active")
    with northside.scope(), transaction.atomic():
        entry = Entry.objects.filter(object_id=str(connection.public_id)).order_by("-id").first()
    assert (entry.reason, entry.patient_id) == ("shown on the phone", connection.patient_id)


def test_the_calls_of_the_hour_are_counted(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    before = northside.api("nurse").get("/api/v1/dexcom/usage").json()
    limiter_of("sandbox").ask(Lane.INTERACTIVE)
    after = northside.api("nurse").get("/api/v1/dexcom/usage").json()
    assert after["used"] == before["used"] + 1
    assert after["remaining"] == after["limit"] - after["used"]
    assert (after["region"], after["window"]) == ("sandbox", 3600)
    unknown = northside.api("patient").get("/api/v1/dexcom/usage", {"region": "jp"}).json()
    assert (unknown["region"], unknown["limit"], unknown["remaining"]) == (None, 0, 0)
