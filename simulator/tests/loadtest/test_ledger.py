"""The ledger names each thing that is not as it was acknowledged; and it is quiet where all is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from alerts.evaluation import evaluate_due_patients
from alerts.models import Episode
from devices.models import Device
from readings.rows import ReadingRow
from readings.services import store_readings
from simulator.loadtest.ledger import close_ledger
from simulator.loadtest.record import instant_of, tagged
from simulator.loadtest.scenario import Run
from simulator.loadtest.world import make_clinics
from tenancy.scope import organization_scope

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(1)]
COURSE = (110, 90, 65, 50, 52, 80, 110)


@pytest.fixture
def run() -> Run:
    """Two clinics with the same codes; of each patient a low, stored and looked at by the rules."""
    run = Run(make_clinics(2, patients=2, staff=1, phones=1))
    begin = datetime.now(UTC) - timedelta(minutes=12)
    for clinic in run.clinics:
        with organization_scope(clinic.organization_id):
            for device in clinic.devices:
                instants = [tagged(begin + timedelta(minutes=minute), clinic.number) for minute in range(len(COURSE))]
                values = dict(zip(instants, COURSE, strict=True))
                run.record.posted[clinic.number, device.number] |= values
                run.record.acknowledged[clinic.number, device.number] |= values
                with transaction.atomic():
                    number = Device.objects.get(code=device.code).pk
                store_readings(rows=[ReadingRow(number, instant_of(at), value) for at, value in values.items()])
            evaluate_due_patients()
    return run


def test_all_is_well_and_each_loss_is_named(run: Run) -> None:
    ledger = close_ledger(run)
    assert ledger.problems == []
    assert (ledger.acknowledged, ledger.stored) == (28, 28)
    assert ledger.alarms_called_for == ledger.alarms_found >= 8
    device, last = (1, 2), max(run.record.posted[1, 2])
    run.record.acknowledged[device] |= {last + 60_000: 99}
    run.record.posted[device] |= {last + 60_000: 99, last: 111}
    del run.record.posted[2, 1][max(run.record.posted[2, 1])]
    with organization_scope(run.clinics[1].organization_id), transaction.atomic():
        episode = Episode.objects.filter(rule_code="urgent_low").first()
        episode.rule_code = "another"
        episode.save(update_fields=["rule_code"])

    problems = close_ledger(run).problems
    assert sum("was acknowledged with 99 and is not there" in problem for problem in problems) == 1
    assert sum("is ('load_00002', 110), not ('load_00002', 111)" in problem for problem in problems) == 1
    assert sum("is there, and nobody posted it" in problem for problem in problems) == 1
    assert sum("the alarm urgent_low" in problem and "is not there" in problem for problem in problems) == 1
    assert len(problems) == 4


def test_what_shows_nothing_is_not_called_well() -> None:
    problems = close_ledger(Run(make_clinics(1, patients=1))).problems
    assert [problem.partition(",")[0] for problem in problems] == [
        "Nothing was acknowledged", "The rules called for no alarm",
    ]  # fmt: skip
