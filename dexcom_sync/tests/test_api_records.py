"""Dexcom's records over REST, from our store: what the sandbox made visible, in its shape."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from audit.models import Entry
from dexcom_sync.tests.syncing import connect, run_backfill, run_sync, sandbox_settings
from tests.clinics import SECOND_PATIENT, Clinic
from tests.dexcom import DexcomSandbox

pytestmark = [pytest.mark.django_db(transaction=True)]

BASE = "/api/v1/dexcom"
FORM = "%Y-%m-%dT%H:%M:%S"
RECORD_TYPES = {"egvs": "egv", "events": "event", "calibrations": "calibration", "alerts": "alert"}


@pytest.fixture(autouse=True)
def settings_of_the_sandbox(dexcom_sandbox: DexcomSandbox) -> Iterator[None]:
    with sandbox_settings(dexcom_sandbox):
        yield


def synced(clinic: Clinic, sandbox: DexcomSandbox, user: str, resource: str = "egvs") -> datetime:
    """Returns an instant an hour after the last record that was ever visible."""
    connection = connect(clinic, sandbox, user)
    run_sync(clinic, connection)
    run_backfill(clinic)
    last = max(instant(entry["record"]) for entry in sandbox.ledger(user, resource))
    return last.replace(microsecond=0) + timedelta(hours=1)


def window(until: datetime, days: float = 30) -> dict[str, str]:
    return {"startDate": (until - timedelta(days=days)).strftime(FORM), "endDate": until.strftime(FORM)}


def instant(record: dict[str, Any]) -> datetime:
    """Some are written without a zone, and mean UTC."""
    read = datetime.fromisoformat(record["systemTime"])
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def test_records_are_the_sandboxs_own(northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    until = synced(northside, dexcom_sandbox, "SandboxUser6")
    api = northside.api("patient")
    for resource, record_type in RECORD_TYPES.items():
        body = api.get(f"{BASE}/{resource}", window(until)).json()
        told = [
            entry["record"]
            for entry in dexcom_sandbox.ledger("SandboxUser6", resource, since=until - timedelta(days=30), until=until)
            if entry["current"]
        ]
        assert {row["recordId"] for row in body["records"]} == {record["recordId"] for record in told}, resource
        assert told, resource
        assert (body["recordType"], body["recordVersion"]) == (record_type, "3.0")
        assert body["userId"] == dexcom_sandbox.user("SandboxUser6")["userId"]
        assert body["lastSyncAt"]
        assert [row["systemTime"] for row in body["records"]] == sorted(
            (row["systemTime"] for row in body["records"]), reverse=True
        )
    shown = {row["recordId"]: row for row in api.get(f"{BASE}/egvs", window(until)).json()["records"]}
    for entry in dexcom_sandbox.ledger("SandboxUser6", "egvs", since=until - timedelta(days=3)):
        record, row = entry["record"], shown[entry["record"]["recordId"]]
        assert {name: row[name] for name in ("value", "unit", "trend", "trendRate", "displayDevice")} == {
            name: record[name] for name in ("value", "unit", "trend", "trendRate", "displayDevice")
        }
    assert southside.api("nurse").get(f"{BASE}/egvs", {"patient": "user_9012", **window(until)}).json()["records"] == []
    assert northside.api(SECOND_PATIENT).get(f"{BASE}/egvs", window(until)).json()["records"] == []
    assert northside.api(SECOND_PATIENT).get(f"{BASE}/egvs", {"patient": "user_5678"}).status_code == 404


def test_the_start_belongs_to_the_window_and_the_end_does_not(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    until, api = synced(northside, dexcom_sandbox, "SandboxUser7"), northside.api("nurse")
    newest = api.get(f"{BASE}/egvs", {"patient": "user_5678", **window(until)}).json()["records"]
    last, before = newest[0], newest[1]
    asked = {"patient": "user_5678", "startDate": before["systemTime"], "endDate": last["systemTime"]}
    assert [row["recordId"] for row in api.get(f"{BASE}/egvs", asked).json()["records"]] == [before["recordId"]]
    # With an offset, which Dexcom itself refuses.
    asked["endDate"] = f"{(instant(last) + timedelta(hours=2, seconds=1)).strftime(FORM)}+02:00"
    assert len(api.get(f"{BASE}/egvs", asked).json()["records"]) == 2


def test_deleted_events_are_shown_as_deleted(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    until = synced(northside, dexcom_sandbox, "edge-events", "events")
    shown: dict[str, dict[str, Any]] = {}
    for page in range(3):
        query = {"patient": "user_5678", **window(until - timedelta(days=30 * page))}
        rows = northside.api("nurse").get(f"{BASE}/events", query).json()["records"]
        shown |= {row["recordId"]: row for row in rows}
    newest = {
        entry["record"]["recordId"]: entry["record"]
        for entry in dexcom_sandbox.ledger("edge-events", "events")
        if entry["current"]
    }
    assert {name: row["eventStatus"] for name, row in shown.items()} == {
        name: record["eventStatus"] for name, record in newest.items()
    }
    assert "deleted" in {row["eventStatus"] for row in shown.values()}


def test_devices_and_the_range(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    until, api = synced(northside, dexcom_sandbox, "SandboxUser7"), northside.api("patient")
    devices = api.get(f"{BASE}/devices").json()
    assert devices["recordType"] == "device"
    assert any(device["alertSchedules"] for device in devices["records"])
    assert {"transmitterGeneration", "displayDevice", "lastUploadDate"} <= devices["records"][0].keys()
    found = api.get(f"{BASE}/data-range").json()
    readings = [entry["instant"] for entry in dexcom_sandbox.ledger("SandboxUser7", "egvs")]
    assert instant(found["egvs"]["start"]) == datetime.fromisoformat(min(readings)).replace(microsecond=0)
    assert found["egvs"]["end"]["displayTime"]
    later = {
        "startDate": (until + timedelta(days=1)).strftime(FORM),
        "endDate": (until + timedelta(days=2)).strftime(FORM),
    }
    nothing = api.get(f"{BASE}/data-range", later).json()
    assert (nothing["egvs"], nothing["events"], nothing["calibrations"]) == (None, None, None)


@pytest.mark.parametrize("resource", [*RECORD_TYPES, "devices", "data-range"])
def test_a_window_is_thirty_days_at_most(resource: str, northside: Clinic) -> None:
    api, path = northside.api("patient"), f"{BASE}/{resource}"
    month = {"startDate": "2026-01-01T00:00:00", "endDate": "2026-01-31T00:00:00"}
    assert api.get(path, month).status_code == 200
    too_long = api.get(path, {**month, "endDate": "2026-01-31T00:00:01"})
    assert (too_long.status_code, too_long.json()["detail"]) == (400, "Ask for 30 days at most.")
    assert api.get(path, {**month, "endDate": month["startDate"]}).status_code == 400
    assert api.get(path, {**month, "endDate": "yesterday"}).status_code == 422
    assert api.get(path, {"endDate": "0001-01-01T00:00:00"}).status_code == 422
    assert northside.api("nurse").get(path, month).status_code == 422


def test_a_look_stands_in_the_ledger(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    assert northside.api("nurse").get(f"{BASE}/egvs", {"patient": "user_5678"}).status_code == 200
    with northside.scope(), transaction.atomic():
        entry = Entry.objects.filter(object_type="dexcom_sync.egvs").get()
    assert (entry.patient_id, entry.actor_role) == (northside.patients[0].pk, "nurse")
