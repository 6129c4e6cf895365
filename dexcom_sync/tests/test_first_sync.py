"""From the consent to readings, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections, transaction

from dexcom_sync import metrics
from dexcom_sync.models import Alert, Calibration, Connection, Egv, Event, Progress
from dexcom_sync.tests.syncing import connect, fresh, run_backfill, run_sync, sandbox_settings, stored_ids
from readings.models import GlucoseReading
from tenancy.redis import limits_client
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def settings_of_the_sandbox(dexcom_sandbox: DexcomSandbox) -> Iterator[None]:
    with sandbox_settings(dexcom_sandbox):
        yield


def test_everything_that_was_visible_is_stored_and_nothing_else(
    northside: Clinic, southside: Clinic, dexcom_sandbox: DexcomSandbox
) -> None:
    connection = connect(northside, dexcom_sandbox, "SandboxUser7")
    outcome = run_sync(northside, connection)
    assert outcome.failed == {}
    assert outcome.new > 500
    run_backfill(northside)

    for resource, model in (("egvs", Egv), ("events", Event), ("calibrations", Calibration), ("alerts", Alert)):
        visible = {entry["record"]["recordId"] for entry in dexcom_sandbox.ledger("SandboxUser7", resource)}
        assert stored_ids(northside, model) == visible, resource
        assert stored_ids(southside, model) == set()
    after = fresh(northside, connection)
    assert after.status == Connection.Status.ACTIVE
    assert not after.is_backfilling
    assert after.dexcom_user_id == dexcom_sandbox.user("SandboxUser7")["userId"]
    with northside.scope(), transaction.atomic():
        canonical = Egv.objects.filter(is_canonical=True, value__isnull=False)
        readings = GlucoseReading.objects.for_patient(northside.patients[0]).filter(device_id=after.device_id)
        assert readings.count() == canonical.count()


def test_a_second_sync_changes_nothing(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    connection = connect(northside, dexcom_sandbox, "SandboxUser6")
    run_sync(northside, connection)
    run_backfill(northside)
    before = stored_ids(northside)
    let_the_last_days_be_due(northside)

    again = run_sync(northside, connection)

    assert (again.new, again.changed, again.failed) == (0, 0, {})
    assert again.unchanged > 500
    assert stored_ids(northside) == before


def test_a_reading_that_comes_under_another_id_is_counted_and_both_are_kept(
    northside: Clinic, dexcom_sandbox: DexcomSandbox
) -> None:
    connection = connect(northside, dexcom_sandbox, "SandboxUser6")
    run_sync(northside, connection)
    metrics.flush()
    before = counted()
    with northside.scope(), transaction.atomic(), connections["default"].cursor() as cursor:
        newest = Egv.objects.filter(transmitter_ticks__isnull=False).order_by("-system_time")[3]
        cursor.execute(
            "UPDATE dexcom_sync_egv SET record_id = 'former' WHERE organization_id = %s AND record_id = %s",
            [northside.organization.id, newest.record_id],
        )
    let_the_last_days_be_due(northside)

    assert run_sync(northside, connection).new == 1

    metrics.flush()
    assert {name: number - before.get(name, 0) for name, number in counted().items()} == {
        "record_id_churn": 1, "vanished\x1fegvs": 1,
    }  # fmt: skip
    assert {"former", newest.record_id} <= stored_ids(northside)


def let_the_last_days_be_due(clinic: Clinic) -> None:
    with clinic.scope(), transaction.atomic():
        Progress.objects.update(hot_at=None)


def counted() -> dict[str, float]:
    told: dict[bytes, bytes] = limits_client().hgetall(metrics.COUNTS)  # type: ignore[assignment]
    by_name = {name.decode(): float(number) for name, number in told.items()}
    return {name: number for name, number in by_name.items() if name.startswith(("record_id_churn", "vanished"))}
