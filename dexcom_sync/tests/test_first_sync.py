"""From the consent to readings, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from dexcom_sync.models import Alert, Calibration, Connection, Egv, Event
from dexcom_sync.tests.syncing import connect, fresh, run_backfill, run_sync, sandbox_settings, stored_ids
from readings.models import GlucoseReading
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

    again = run_sync(northside, connection)

    assert (again.new, again.changed, again.failed) == (0, 0, {})
    assert stored_ids(northside) == before
