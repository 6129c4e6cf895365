"""The sync with Dexcom, against the sandbox in another process: one worker on one core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.test import override_settings

from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError
from benchmarks.report import Figure
from tenancy.scope import organization_scope

if TYPE_CHECKING:
    from dexcom_sync.models import Connection
    from tests.dexcom import DexcomSandbox

CONNECTIONS = 25
YEAR_DAYS = 365
# 48,000 calls an hour: all that an application may make, and as many as one core shall manage.
BUDGET_PER_SECOND = 48_000 / 3600
YEAR_SECONDS = 60
FIRST_PATIENT = "dexcom_bench_{}"


def measure(bench: Bench) -> Iterator[Figure]:
    from tests.dexcom import running_sandbox

    with running_sandbox() as sandbox, _settings(sandbox), organization_scope(bench.clinic.organization_id):
        yield _calls(sandbox)
        yield _year(sandbox, YEAR_DAYS if bench.seconds > 1 else 20)


def _calls(sandbox: DexcomSandbox) -> Figure:
    """Each call brings the last 24 hours of values: with storing, sealing and readings, by the processor's time."""
    from dexcom_sync.records.windows import Window
    from dexcom_sync.sandbox.world import ANCHOR

    names = sandbox.users(count=CONNECTIONS, scenario="SandboxUser7", prefix="bench", days=3)
    connections = [_connected(sandbox, name) for name in names[-CONNECTIONS:]]
    until = datetime.fromtimestamp(ANCHOR, UTC)
    day = Window(until - timedelta(days=1), until)
    for connection in connections:
        _bind(connection)
    begun, spent = time.perf_counter(), time.process_time()
    records = sum(_read(connection, day) for connection in connections)
    busy, passed = time.process_time() - spent, time.perf_counter() - begun
    if records < CONNECTIONS * 200:
        raise BenchmarkError(f"Only {records} values came with {CONNECTIONS} calls.")
    return Figure(
        "calls with 24 h of values, all of them new, stored by one worker", "calls/s", CONNECTIONS / busy,
        "Dexcom's budget of an application", BUDGET_PER_SECOND,
        {"calls/s by the clock": round(CONNECTIONS / passed, 1), "values/s": round(records / busy)},
    )  # fmt: skip


def _year(sandbox: DexcomSandbox, days: int) -> Figure:
    from dexcom_sync.limiter import Lane
    from dexcom_sync.models import Egv
    from dexcom_sync.sync.backfill import backfill
    from dexcom_sync.sync.claims import claim_backfill
    from dexcom_sync.sync.cycle import sync
    from dexcom_sync.sync.work import session_of

    sandbox.users(name="bench-year", scenario="SandboxUser7", days=days)
    connection = _connected(sandbox, "bench-year")
    begun = time.perf_counter()
    failed = sync(session_of(connection, Lane.HOT)).failed
    while not failed and (claimed := claim_backfill()):
        failed = backfill(session_of(claimed, Lane.BACKFILL), seconds=600).failed
    passed = time.perf_counter() - begun
    with transaction.atomic():
        values = Egv.objects.filter(connection_id=connection.pk).count()
    if failed or values < days * 250:
        raise BenchmarkError(f"Of {days} days only {values} values were read: {failed}.")
    return Figure(
        f"{values:,} values of {days} days, with all else of them, from the consent on", "values/s", values / passed,
        f"a year of values in {YEAR_SECONDS} s", YEAR_DAYS * 288 / YEAR_SECONDS, {"s": round(passed, 1)},
    )  # fmt: skip


@contextmanager
def _settings(sandbox: DexcomSandbox) -> Iterator[None]:
    from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET
    from tests.dexcom import CALLBACK

    with override_settings(
        DEXCOM_APPLICATIONS={"sandbox": (CLIENT_ID, CLIENT_SECRET)},
        DEXCOM_SANDBOX_URL=sandbox.url,
        DEXCOM_REDIRECT_URI=CALLBACK,
        DEXCOM_CALLS_PER_HOUR=60_000,
        DEXCOM_CALL_BURST=1_000_000,
    ):
        yield


@transaction.atomic
def _connected(sandbox: DexcomSandbox, user: str) -> Connection:
    """Without the consent page: that one is not measured."""
    from dexcom_sync.client import Tokens
    from dexcom_sync.models import Connection
    from dexcom_sync.services.equipment import give_device
    from dexcom_sync.services.tokens import keep_first_pair
    from patients.services import create_patient

    given = sandbox.connect(user)
    now = datetime.now(UTC)
    patient = create_patient(code=FIRST_PATIENT.format(user), first_name="Bench", last_name=user)
    connection: Connection = Connection.objects.create(
        patient=patient, region="sandbox", status=Connection.Status.ACTIVE, authorized_at=now, next_due_at=now
    )
    life = given["expires_in"]
    keep_first_pair(
        connection,
        Tokens(given["access_token"], given["refresh_token"], life, now + timedelta(seconds=life), False),
    )
    give_device(connection)
    return connection


def _bind(connection: Connection) -> None:
    from dexcom_sync.limiter import Lane
    from dexcom_sync.sync.ranges import read_ranges
    from dexcom_sync.sync.work import session_of

    read_ranges(session_of(connection, Lane.HOT))


def _read(connection: Connection, window: object) -> int:
    from dexcom_sync.limiter import Lane
    from dexcom_sync.models import Resource
    from dexcom_sync.sync.fetching import read_window
    from dexcom_sync.sync.work import session_of

    stored = read_window(session_of(connection, Lane.HOT), Resource.EGVS, window, lambda piece: None)  # type: ignore[arg-type]
    return sum(one.new for one in stored)
