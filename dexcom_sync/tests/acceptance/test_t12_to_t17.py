"""Limits, trouble on the way, and odd contents: T12 to T17."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from dexcom_sync import metrics
from dexcom_sync.models import Alert, Calibration, Connection, Egv, Event, QuarantinedRecord, RawPage
from dexcom_sync.tests.acceptance.world import DAY, END, HOUR, World, forget_pauses
from readings.models import GlucoseReading, RangeFlag
from tenancy.redis import limits_client

pytestmark = pytest.mark.django_db(transaction=True)


def test_t12_within_the_budget(world: World) -> None:
    """T12. 16 calls an hour and a burst of 4: the sandbox, which allows 20, never refuses. Many workers:
    limiter/test_many_workers.py.
    """
    with override_settings(DEXCOM_CALLS_PER_HOUR=16, DEXCOM_CALL_BURST=4):
        world.configure(rate_per_hour=20)
        first, second = world.connect("edge-settings"), world.connect("edge-values", patient=1)
        for _ in range(3):
            world.poll(first)
            world.poll(second)
    asked = [call for call in world.sandbox.log() if call["endpoint"] != "login"]

    assert 0 < len(asked) <= 20
    assert 429 not in {call["status"] for call in asked}
    assert world.state(first).status == Connection.Status.ACTIVE


@pytest.mark.parametrize("retry_after", ["on", "off"])
def test_t13_all_are_quiet_after_a_429(world: World, retry_after: str) -> None:
    """T13. No call of any connection until it may go on; both are due again by then, and nothing is lost."""
    first, second = world.connect("edge-settings"), world.connect("edge-values", patient=1)
    asked = {"retry_after": 120} if retry_after == "on" else {}
    world.sandbox.fault({"endpoint": "egvs"}, "status", status=429, **asked)
    world.poll(first)
    calls = len(world.sandbox.log())
    assert world.poll(second).failed == {}
    world.poll(first)

    assert len(world.sandbox.log()) == calls
    due = world.state(second).next_due_at
    assert due is not None
    assert 50 < (due - datetime.now(due.tzinfo)).total_seconds() < 200
    assert world.state(second).last_ok_at is None
    forget_pauses()
    world.read_everything(first)
    world.is_as_in_the_ledger(first, "edge-settings")


def test_t14_a_storm_of_trouble(world: World) -> None:
    """T14. Of all calls for data 30 % fail: in the end everything is there."""
    connection = world.connect("edge-values")
    for kind, how in (("status", {"status": 503}), ("eof", {}), ("truncated", {})):
        world.sandbox.fault({"endpoint": "data"}, kind, times=None, probability=0.1, **how)
    for _ in range(12):
        outcome = world.poll(connection)
        if not outcome.failed and world.state(connection).last_ok_at:
            break
        forget_pauses()
        world.wait(HOUR)
    world.sandbox.clear_faults()
    world.read_past()
    world.is_as_in_the_ledger(connection, "edge-values")


@pytest.mark.parametrize("endpoint", ["dataRange", "egvs", "devices"])
def test_t15_another_person_s_data(world: World, endpoint: str, caplog: pytest.LogCaptureFixture) -> None:
    """T15. Nothing of that answer is kept, all stops, and operators are told."""
    connection = world.connect("edge-settings")
    world.poll(connection)
    world.wait(DAY)

    def kept() -> list[int]:
        return [model.objects.count() for model in (Egv, Event, Calibration, Alert, RawPage, QuarantinedRecord)]

    before = world.in_clinic(kept)
    metrics.flush()
    told = limits_client().hget(metrics.COUNTS, "user_mismatches") or 0
    world.sandbox.fault({"endpoint": endpoint}, "other_user")
    world.sandbox.fault({"endpoint": "data"}, "other_user", times=None)
    world.poll(connection)

    state = world.state(connection)
    assert (state.status, state.last_error) == (Connection.Status.QUARANTINED, "wrong_person")
    assert state.next_due_at is None
    assert world.in_clinic(kept) == before
    metrics.flush()
    assert float(limits_client().hget(metrics.COUNTS, "user_mismatches") or 0) == float(told) + 1


def test_t16_sixty_days_away(world: World) -> None:
    """T16. No window is longer than thirty days, and none of them leaves a gap."""
    world.begin(END - 100 * DAY)
    for days in range(0, 100, 5):
        at = END - timedelta(days=100 - days) - HOUR
        record = {"recordId": f"sparse-{days}", "value": 100 + days, **_shape(at)}
        world.sandbox.inject("edge-empty", "egvs", [record], uploadedAt=at)
    connection = world.connect("edge-empty")
    world.read_everything(connection)
    for days in (5, 62, 33):
        world.wait(timedelta(days=days))
        world.read_everything(connection)

    world.is_as_in_the_ledger(connection, "edge-empty")
    windows = [call["query"] for call in world.sandbox.log(endpoint="egvs")]
    lengths = [
        datetime.fromisoformat(window["endDate"]) - datetime.fromisoformat(window["startDate"]) for window in windows
    ]
    assert max(lengths) <= timedelta(days=30)
    assert {call["status"] for call in world.sandbox.log(endpoint="egvs")} == {200}


def _shape(at: datetime) -> dict[str, Any]:
    return {
        "systemTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "displayTime": at.strftime("%Y-%m-%dT%H:%M:%S-00:00"),
        "unit": "mg/dL", "trend": "flat", "trendRate": 0.0, "status": None, "rateUnit": "mg/dL/min",
        "transmitterId": "d5a11dba" * 8, "transmitterTicks": int(at.timestamp()) % 1_000_000,
        "transmitterGeneration": "g7", "transmitterGenerationVariant": "g7", "displayDevice": "iOS",
        "displayApp": "G7",
    }  # fmt: skip


@pytest.mark.parametrize("user", ["edge-enums", "edge-nulls", "edge-values", "edge-settings"])
def test_t17_odd_contents(world: World, user: str) -> None:
    """T17. Nothing is dropped; no null is a zero; beyond the range is Low or High."""
    connection = world.connect(user)
    world.read_everything(connection)
    world.is_as_in_the_ledger(connection, user)
    rows = world.in_clinic(lambda: list(Egv.objects.all()))
    told = {entry["record"].get("recordId"): entry["record"] for entry in world.sandbox.ledger(user)}

    for row in rows:
        if row.record_id in told:
            assert (row.value is None) == (told[row.record_id].get("value") is None)
        if row.value is not None and row.value <= 39:
            assert row.range_flag == RangeFlag.LOW
        if row.value is not None and row.value >= 401:
            assert row.range_flag == RangeFlag.HIGH
    readings = world.in_clinic(lambda: list(GlucoseReading.objects.for_patient(world.clinic.patients[0])))
    assert all(reading.glucose >= 39 for reading in readings)
    if user == "edge-enums":
        assert any(row.flags for row in rows)
