"""What readings come to: from the readings, from summaries of days, and kept only while it is true."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import caches
from django.db import connection, transaction

from analytics.goals import GOALS, Preset
from analytics.summary import analyse
from analytics.units import MG_DL_PER_MMOL_L
from devices.services import assign_device
from patients.models import Patient
from patients.services import change_patient
from readings.amendments import Correction
from readings.models import Unit
from readings.retention import remove_expired_readings
from readings.rows import ReadingRow
from readings.services import amend_readings, store_readings
from readings.summaries import summarise_dirty_days
from reports.glucose import Window, analysis_of, last_days, trace_of, window_of
from reports.glucose.days import day_figures, times_of
from reports.glucose.documents import summary_body
from reports.glucose.kept import KEPT, kept
from reports.glucose.numbers import In
from reports.glucose.results import days_json, summary_json
from reports.glucose.totals import totals_body
from reports.glucose.version import data_version
from tenancy.models import Organization
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 10, 24, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
VALUES = [39, 53, 54, 62, 63, 69, 70, 100, 140, 141, 180, 181, 250, 251, 401]


def store(clinic: Clinic, rows: Sequence[tuple[datetime, int, int]], device: int = 0) -> None:
    with clinic.scope():
        store_readings(
            rows=[
                ReadingRow(clinic.devices[device].id, at, value, unit=unit, range_flag={39: -1, 401: 1}.get(value, 0))
                for at, value, unit in rows
            ]
        )


def fill(clinic: Clinic, *, days: int = 3, until: datetime = NOON, minutes: int = 15) -> None:
    """Every limit, in both units, over days on which Berlin's clock is set back."""
    count = days * 24 * 60 // minutes
    rows = []
    for step in range(count):
        unit, value = Unit(1 + step % 3 // 2), VALUES[step * 7 % len(VALUES)]
        if unit == Unit.MMOL_L and value not in (39, 401):
            value = round(round(value / MG_DL_PER_MMOL_L, 1) * MG_DL_PER_MMOL_L)
        rows.append((until - timedelta(minutes=minutes * step), value, unit))
    store(clinic, rows)


def patient_of(clinic: Clinic, **changes: Any) -> Patient:
    with clinic.scope(), transaction.atomic():
        patient: Patient = change_patient(patient=clinic.patients[0], changes=changes)
    return patient


def summarise(clinic: Clinic) -> None:
    with clinic.scope():
        summarise_dirty_days(limit=None)


def test_a_trace_is_the_canonical_readings_in_the_order_of_time(northside: Clinic) -> None:
    patient = patient_of(northside, timezone="Europe/Berlin")
    store(northside, [(NOON, 39, 1), (NOON - timedelta(minutes=5), 141, 2), (NOON + timedelta(minutes=5), 401, 1)])
    with northside.scope(), transaction.atomic():
        assign_device(device=northside.devices[1], patient=patient, starts_at=NOON - timedelta(days=1))
        store_readings(rows=[ReadingRow(northside.devices[1].id, NOON - timedelta(minutes=4), 141, unit=2)])
        trace = trace_of(patient, NOON - timedelta(hours=1), NOON + timedelta(minutes=5))
        empty = trace_of(patient, NOON - timedelta(hours=2), NOON - timedelta(hours=1))
    noon = round(NOON.timestamp() * 1000)
    assert trace.instants.tolist() == [noon - 300_000, noon]
    assert trace.glucose.tolist() == pytest.approx([7.8 * MG_DL_PER_MMOL_L, 39])
    assert (trace.is_mmol.tolist(), trace.beyond.tolist()) == ([True, False], [0, -1])
    assert (trace.zone, len(empty)) == (BERLIN, 0)


def test_a_period_is_whole_days_to_that_of_the_last_reading(northside: Clinic) -> None:
    patient = patient_of(northside, timezone="Europe/Berlin")
    store(northside, [(datetime(2026, 10, 25, 22, 59, tzinfo=UTC), 100, 1)])
    with northside.scope(), transaction.atomic():
        window = last_days(patient, 2)
    assert (window.first, window.last, window.days) == (date(2026, 10, 24), date(2026, 10, 25), 2)
    assert window.until - window.since == timedelta(hours=49)
    assert (window.before.first, window.before.last) == (date(2026, 10, 22), date(2026, 10, 23))
    with northside.scope(), transaction.atomic():
        exact = window_of(patient, since=NOON, until=NOON + timedelta(hours=5))
    assert exact.before == Window(NOON - timedelta(hours=5), NOON, BERLIN)


@pytest.mark.parametrize(("goals", "is_summarised"), [(Preset.ADULT, True), (Preset.PREGNANCY, True), ("older", False)])
def test_days_in_figures_agree_with_the_readings(northside: Clinic, goals: str, is_summarised: bool) -> None:
    """With and without summaries, by every goal's limits, over a day of 25 hours."""
    patient = patient_of(northside, timezone="Europe/Berlin", glucose_goals=goals)
    fill(northside)
    if is_summarised:
        summarise(northside)
    told, limits = In("mg/dL"), GOALS[Preset(goals)].limits
    with northside.scope(), transaction.atomic():
        window = last_days(patient, 4)
        figures = day_figures(patient, window)
        exact = summary_body(analysis_of(patient, window), told)
    by_days = totals_body(figures, window, limits, told)
    assert sum(day.count for day in figures) == exact["readings"] == 288
    same = ("readings", "timeInRanges", "gri", "min", "max", "belowSensorRange", "aboveSensorRange", "sufficiency")
    assert {name: by_days[name] for name in same} == {name: exact[name] for name in same}
    # What came in mmol/L is kept as a whole number of mg/dL, which days are summed by.
    assert (by_days["mean"], by_days["sd"]) == pytest.approx((exact["mean"], exact["sd"]), abs=0.2)
    percent = by_days["sensorUse"]["activePercentOfWindow"]
    assert percent == pytest.approx(exact["sensorUse"]["activePercentOfWindow"])


def test_summaries_of_another_time_zone_are_passed_over(northside: Clinic) -> None:
    fill(northside)
    summarise(northside)
    patient = patient_of(northside, timezone="Asia/Kathmandu")
    with northside.scope(), transaction.atomic():
        window = last_days(patient, 5)
        trace = trace_of(patient, window.since, window.until)
        expected = analyse(trace, *window.milliseconds).days
        found = day_figures(patient, window)
    assert [(day.day, day.count) for day in found] == [(profile.day, len(profile.glucose)) for profile in expected]
    assert times_of(found, GOALS[Preset.ADULT].limits).in_range == sum(profile.times.in_range for profile in expected)


def answer(clinic: Clinic, days: int = 7) -> tuple[dict[str, Any], bool]:
    """And whether it was kept from before."""
    with clinic.scope(), transaction.atomic():
        patient = Patient.objects.get(pk=clinic.patients[0].pk)
        window = Window.of_days(NOON.date() - timedelta(days=days - 2), NOON.date() + timedelta(days=1), patient.zone)
        before = KEPT.labels("yes")._value.get()
        unit = Organization.objects.get(pk=clinic.organization.pk).glucose_unit
        found = json.loads(summary_json(patient, window, unit))
    return found, KEPT.labels("yes")._value.get() > before


def remove_the_first_day(clinic: Clinic) -> None:
    """As retention does: of whole days, and of a part of the day it has come to."""
    with clinic.scope():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tenancy_organization SET reading_retention_days = 1 WHERE id = %s", [clinic.organization.pk]
            )
        remove_expired_readings()


CHANGES = {
    "a late reading": lambda clinic: store(clinic, [(NOON - timedelta(minutes=7), 300, 1)]),
    "a second late reading of a day that waits": lambda clinic: store(clinic, [(NOON - timedelta(minutes=8), 300, 1)]),
    "an amendment": lambda clinic: amend(clinic, NOON - timedelta(minutes=15), 111),
    "values that change places": lambda clinic: swap(clinic),
    "another time zone": lambda clinic: patient_of(clinic, timezone="Asia/Tokyo"),
    "other goals": lambda clinic: patient_of(clinic, glucose_goals="older"),
    "a copy that turns out": lambda clinic: copy(clinic),
}


def amend(clinic: Clinic, at: datetime, value: int) -> None:
    with clinic.scope(), transaction.atomic():
        amend_readings(corrections=[Correction(clinic.devices[0].id, at, value)])


def swap(clinic: Clinic) -> None:
    """Two values change places: as many readings, with the same sum."""
    first, second = (VALUES[step * 7 % len(VALUES)] for step in (3, 4))
    amend(clinic, NOON - timedelta(minutes=45), second)
    amend(clinic, NOON - timedelta(minutes=60), first)


def copy(clinic: Clinic) -> None:
    """A reading of the older device takes the place of one of the newer device: as many as before."""
    store(clinic, [(NOON + timedelta(minutes=16), 101, 1)], device=0)


@pytest.mark.parametrize("is_summarised", [True, False])
def test_every_change_shows_at_once(northside: Clinic, is_summarised: bool) -> None:
    caches["results"].clear()
    fill(northside)
    with northside.scope(), transaction.atomic():
        assign_device(
            device=northside.devices[1], patient=northside.patients[0], starts_at=NOON + timedelta(minutes=10)
        )
    store(northside, [(NOON + timedelta(minutes=15), 100, 1)], device=1)
    after: dict[str, Any] = {}
    for change, make in CHANGES.items():
        if is_summarised:
            summarise(northside)
        before, _ = answer(northside)
        assert answer(northside) == (before, True), change
        make(northside)
        after, was_kept = answer(northside)
        assert after != before, change
        assert not was_kept, change
    # Also after the summaries have caught up.
    summarise(northside)
    assert answer(northside) == (after, False)
    assert answer(northside) == (after, True)


def test_what_retention_removes_is_gone_from_results(northside: Clinic) -> None:
    caches["results"].clear()
    now = datetime.now(UTC)
    fill(northside, until=now, days=4)
    summarise(northside)

    def readings() -> int:
        with northside.scope(), transaction.atomic():
            patient = northside.patients[0]
            found: int = json.loads(summary_json(patient, last_days(patient, 7), "mg/dL"))["readings"]
        return found

    assert (readings(), readings()) == (384, 384)
    remove_the_first_day(northside)
    # The last day's, give or take the seconds since.
    assert readings() in (96, 97)


def test_the_version_of_the_data_knows_its_window_only(northside: Clinic) -> None:
    fill(northside)
    summarise(northside)
    patient = northside.patients[0]

    def version() -> str:
        with northside.scope(), transaction.atomic():
            return data_version(patient, Window.of_days(NOON.date() - timedelta(days=1), NOON.date(), patient.zone))

    before = version()
    store(northside, [(NOON - timedelta(days=30), 100, 1)])
    summarise(northside)
    assert version() == before
    store(northside, [(NOON - timedelta(hours=30, minutes=1), 100, 1)])
    assert version() != before


@pytest.mark.promise(12)
def test_valkey_holds_nothing_to_read_and_what_was_tampered_with_is_made_anew(
    northside: Clinic, southside: Clinic
) -> None:
    caches["results"].clear()
    fill(northside)
    patient = patient_of(northside, timezone="Europe/Berlin")
    with northside.scope(), transaction.atomic():
        window = last_days(patient, 3)
        made = days_json(patient, window, "mg/dL")
        since, until = window.milliseconds
        key = f"{patient.pk}/days/{since}-{until}/mg/dL"
        sealed = caches["results"].get(key)
        assert sealed
        assert not any(word in sealed for word in (patient.code.encode(), b"mean"))
        assert days_json(patient, window, "mg/dL") == made
        caches["results"].set(key, sealed[:-1] + bytes([sealed[-1] ^ 1]), 60)
        assert days_json(patient, window, "mg/dL") == made
        sealed = caches["results"].get(key)
    # What one clinic keeps opens in no other, even where it is put there.
    with southside.scope(), transaction.atomic():
        caches["results"].set(key, sealed, 60)
        assert kept(key, "any", lambda: b"theirs") == b"theirs"


def test_without_valkey_results_are_made_anew(northside: Clinic, settings: Any) -> None:
    fill(northside, days=1)
    settings.CACHES = {
        **settings.CACHES,
        "results": {**settings.CACHES["results"], "LOCATION": "redis://127.0.0.1:1/1"},
    }
    try:
        first, _ = answer(northside)
        assert answer(northside) == (first, False)
        assert first["readings"] == 96
    finally:
        caches.settings = settings.CACHES
