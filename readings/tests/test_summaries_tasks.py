"""The worker's task, the command and the metric."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.test import Client
from structlog.testing import capture_logs

from audit.tests.ledgers import as_owner
from glucose_platform.celery import app
from readings import tasks
from readings.models import DaySummary, DirtyDay
from readings.summaries import metrics, organizations_with_dirty_days, work
from readings.tests.summaries import dirty_days, store_at, summaries, summarise
from tenancy.redis import limits_client
from tests.clinics import Clinic
from tests.commands import run_command

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_every_clinic_with_dirty_days_is_summarised(northside: Clinic, southside: Clinic) -> None:
    assert organizations_with_dirty_days() == []
    store_at(northside, [NOON], [100])
    assert organizations_with_dirty_days() == [northside.organization.id]
    store_at(southside, [NOON], [200])

    tasks.summarise()

    assert [summaries(clinic)[NOON.date()]["total"] for clinic in (northside, southside)] == [100, 200]
    assert organizations_with_dirty_days() == []


def test_it_runs_often_and_gives_up_when_nobody_runs_it() -> None:
    entry = app.conf.beat_schedule["summaries"]
    assert (entry["task"], entry["schedule"], entry["options"]) == ("readings.summarise", 30.0, {"expires": 60})
    assert app.conf.beat_schedule["reading-retention"]["task"] == "readings.remove_expired"


def test_a_patient_who_fails_stops_neither_others_nor_clinics(
    northside: Clinic, southside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time zone of one is a name that only some systems know."""
    store_at(northside, [NOON], [100])
    store_at(northside, [NOON], [100], device=1)
    store_at(southside, [NOON], [100])
    with northside.scope(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE patients_patient SET timezone = 'Mars/Base' WHERE id = %s", [northside.patients[0].id])

    with capture_logs() as lines:
        tasks.summarise()

    failed = [(line["organization"], line["patient"]) for line in lines if line["event"] == "days_not_summarised"]
    assert failed == [(northside.organization.id, northside.patients[0].id)]
    assert (len(summaries(northside, 1)), len(summaries(southside))) == (1, 1)
    assert dirty_days(northside) == [NOON.date()]


def test_a_clinic_that_fails_does_not_stop_the_rest(
    northside: Clinic, southside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_at(northside, [NOON], [100])
    store_at(southside, [NOON], [100])
    waiting = work._dirty_patients

    def fail_for_one(failed: set[int]) -> list[int]:
        with transaction.atomic():
            if DirtyDay.objects.filter(organization_id=northside.organization.id).exists():
                raise RuntimeError("the disk is full")
        return waiting(failed)

    monkeypatch.setattr(work, "_dirty_patients", fail_for_one)
    with capture_logs() as lines:
        tasks.summarise()
    assert [line["organization"] for line in lines if line["event"] == "organization_not_summarised"] == [
        northside.organization.id
    ]
    assert len(summaries(southside)) == 1


def test_metrics_tell_how_long_days_have_been_waiting(
    northside: Clinic, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits_client().delete(metrics.WAITING.key)
    assert math.isnan(metrics.waiting_seconds())
    store_at(northside, [NOON], [100])
    tasks.summarise()
    assert metrics.waiting_seconds() == 0
    with northside.scope(), transaction.atomic():
        DirtyDay.objects.create(
            patient=northside.patients[1], day=NOON.date(), marked_at=datetime.now(UTC) - timedelta(hours=2)
        )
    tasks.summarise()
    assert metrics.waiting_seconds() == pytest.approx(7200, abs=60)
    assert "glucose_summaries_waiting_seconds 72" in client.get("/metrics").content.decode()


def test_the_command_tells_works_off_and_begins_anew(northside: Clinic, southside: Clinic) -> None:
    store_at(northside, [NOON - timedelta(days=days) for days in range(40)], [100] * 40)
    summarise(northside)
    store_at(northside, [NOON], [150], device=1)

    assert "northside: days that wait: 1, the oldest for " in run_command("summaries").out
    assert "southside: no day waits" in run_command("summaries").out
    assert "southside" not in run_command("summaries", "--organization", "northside").out
    assert "There is no organization 'westside'" in run_command("summaries", "--organization", "westside").error

    _spoil_all(northside)
    out = run_command("summaries", "--organization", "northside", "--all", "--run").out
    # Of the first patient a day more on both sides; the other's day is one of three.
    assert "northside: marked 44 days." in out
    assert "northside: summarised 45 days." in out
    assert "northside: no day waits" in out
    assert {day["total"] for day in summaries(northside).values()} == {100}
    assert len(summaries(northside)) == 40


def _spoil_all(clinic: Clinic) -> None:
    with clinic.scope(), transaction.atomic():
        DaySummary.objects.update(total=0)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_readings_from_before_there_were_summaries_are_marked_by_the_migration(northside: Clinic) -> None:
    store_at(northside, [NOON, NOON - timedelta(days=3)], [100, 100])
    with northside.scope(), transaction.atomic():
        DirtyDay.objects.filter(day=NOON.date()).delete()
    as_owner(import_module("readings.migrations.0005_retention").MARK_ALL_DAYS)
    assert dirty_days(northside) == [NOON.date() - timedelta(days=3), NOON.date()]
