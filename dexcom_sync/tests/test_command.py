"""`manage.py dexcom`: looking, reading, reading again, and many simulated connections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from dexcom_sync.applications import limiter_of
from dexcom_sync.models import Connection, Egv, QuarantinedRecord
from dexcom_sync.tests.connections import APPLICATIONS, make_connection
from dexcom_sync.tests.syncing import connect, run_sync, sandbox_settings
from tests.clinics import Clinic
from tests.commands import run_command
from tests.dexcom import DexcomSandbox

pytestmark = pytest.mark.django_db(transaction=True)

IN_NORTHSIDE = ("--organization", "northside")


@pytest.fixture
def sandbox(dexcom_sandbox: DexcomSandbox) -> Iterator[DexcomSandbox]:
    with sandbox_settings(dexcom_sandbox):
        yield dexcom_sandbox


def test_status_counts_each_clinic_and_tells_of_a_stop(northside: Clinic, southside: Clinic) -> None:
    make_connection(northside)
    make_connection(northside, patient=1, status="paused")
    with override_settings(DEXCOM_APPLICATIONS=APPLICATIONS):
        limiter_of("sandbox").stop("invalid_client")
        out = run_command("dexcom", "status").out
        assert "northside: 1 active, 1 paused" in out
        assert "southside: no connections" in out
        assert "STOPPED: Dexcom refused our application (invalid_client)" in out

        assert "was stopped (invalid_client), and goes on." in run_command("dexcom", "resume").out
        assert limiter_of("sandbox").stopped_because() is None
        assert "STOPPED" not in run_command("dexcom", "status").out


def test_one_is_read_and_then_its_past(northside: Clinic, southside: Clinic, sandbox: DexcomSandbox) -> None:
    connection = connect(northside, sandbox, "SandboxUser6")
    name = str(connection.public_id)
    assert "has no connection" in run_command("dexcom", "sync", "--organization", "southside", name).error

    assert " new, 0 changed" in run_command("dexcom", "sync", *IN_NORTHSIDE, name).out
    assert run_command("dexcom", "sync", *IN_NORTHSIDE, "--all-due").out == "northside: looked at 0 connections.\n"
    assert run_command("dexcom", "backfill", *IN_NORTHSIDE).out == "northside: all is read.\n"
    with northside.scope(), transaction.atomic():
        assert not Connection.objects.get(pk=connection.pk).is_backfilling


def test_what_can_be_read_now_leaves_the_quarantine(northside: Clinic, sandbox: DexcomSandbox) -> None:
    connection = connect(northside, sandbox, "SandboxUser7")
    run_sync(northside, connection)
    with northside.scope(), transaction.atomic():
        row = Egv.objects.order_by("-system_time").first()
        assert row is not None
        raw = next(
            entry["record"] for entry in sandbox.ledger("SandboxUser7") if entry["record"]["recordId"] == row.record_id
        )
        # As a former parser would have left them: one that is readable, and one that is not.
        for record in (raw | {"recordId": "mended", "value": 123}, {"recordId": "broken", "systemTime": "?"}):
            payload = json.dumps(record)
            QuarantinedRecord.objects.create(
                connection=connection,
                patient_id=connection.patient_id,
                resource="egvs",
                record_id=record["recordId"],
                reason="value_unreadable:value",
                payload_digest=hashlib.sha256(payload.encode()).digest()[:16],
                payload=payload,
                first_seen_at=timezone.now(),
            )

    assert run_command("dexcom", "replay", *IN_NORTHSIDE).out == "northside: 1 records were read, 1 still cannot be.\n"
    with northside.scope(), transaction.atomic():
        assert Egv.objects.get(record_id="mended").value == 123
        assert [one.record_id for one in QuarantinedRecord.objects.waiting()] == ["broken"]


def test_load_is_simulated(northside: Clinic, sandbox: DexcomSandbox) -> None:
    result = run_command("dexcom", "simulate-load", *IN_NORTHSIDE, "--connections", "2", "--seconds", "1")
    assert result.error == ""
    assert "calls a second" in result.out
    assert "northside: 2 active" in result.out


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PRODUCTION": True, "DEXCOM_SANDBOX_URL": "http://127.0.0.1:1"}, "APP_ENV is production"),
        ({"DEXCOM_SANDBOX_URL": "https://sandbox-api.dexcom.com"}, "not for load"),
    ],
)
def test_load_is_refused_where_it_would_hurt(northside: Clinic, settings: dict[str, object], sentence: str) -> None:
    with override_settings(DEXCOM_APPLICATIONS=APPLICATIONS, **settings):
        assert sentence in run_command("dexcom", "simulate-load", *IN_NORTHSIDE).error
    with northside.scope(), transaction.atomic():
        assert not Connection.objects.exists()
