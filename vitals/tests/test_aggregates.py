from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import fmean, median
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from readings.history.days import ONE_DAY, day_of
from tests.clinics import Clinic
from vitals.analysis.aggregates import aggregates_of, first_day, last_day
from vitals.analysis.latest import latest_of
from vitals.analysis.periods import Grain, begin_of, count_between, periods_between
from vitals.analysis.tendencies import tendencies_of
from vitals.catalogue import Metric
from vitals.tests.measuring import measure

# Zones and days around which clocks change: an hour in the night, at midnight (there is none that day), half an hour,
# and a day that did not exist.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Havana", date(2026, 11, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),
]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize("grain", Grain)
def test_periods_cover_the_time_without_gap_or_overlap(zone: str, day: date, grain: Grain) -> None:
    first, last = day - 40 * ONE_DAY, day + 400 * ONE_DAY
    periods = periods_between(first, last, grain, ZoneInfo(zone))

    assert all(one.ends_at == other.starts_at for one, other in pairwise(periods))
    assert day_of(periods[0].starts_at, ZoneInfo(zone)) == first
    assert day_of(periods[-1].ends_at - timedelta(milliseconds=1), ZoneInfo(zone)) == last
    assert len(periods) in {count_between(first, last, grain), count_between(first, last, grain) - 1}
    assert [period.begins_on for period in periods] == sorted({begin_of(each.begins_on, grain) for each in periods})


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_aggregates_are_those_that_counting_gives(northside: Clinic, southside: Clinic, zone: str, day: date) -> None:
    chance = random.Random(f"{zone} {day}")
    patient = _living_in(northside, zone)
    middle = datetime(day.year, day.month, day.day, tzinfo=UTC)
    samples = sorted(
        {
            middle + timedelta(seconds=chance.randint(-4 * 86_400, 4 * 86_400)): chance.uniform(40, 180)
            for _ in range(600)
        }.items()
    )
    for clinic in (northside, southside):
        with clinic.scope():
            measure(clinic.patients[0], Metric.HEART_RATE, samples if clinic is northside else samples[:300])
    with northside.scope():
        measure(northside.patients[1], Metric.HEART_RATE, samples[:200])
        first, last = first_day(patient, Metric.HEART_RATE), last_day(patient, Metric.HEART_RATE)
        assert first is not None
        assert last is not None
        for grain in Grain:
            counted: dict[date, list[float]] = defaultdict(list)
            for at, value in samples:
                counted[begin_of(day_of(at, patient.zone), grain)].append(value)

            periods = periods_between(first, last, grain, patient.zone)
            found = aggregates_of(patient, [Metric.HEART_RATE], periods)[Metric.HEART_RATE]

            assert [each.begins_on for each in found] == sorted(counted)
            for each in found:
                values = counted[each.begins_on]
                assert each.figures.count == len(values)
                assert (each.figures.min, each.figures.max) == (min(values), max(values))
                assert each.figures.avg == pytest.approx(fmean(values))
                assert each.figures.median == pytest.approx(median(values))
                assert each.figures.sum == pytest.approx(sum(values))
                assert each.second is None


def test_a_pair_has_figures_of_both_values(northside: Clinic) -> None:
    patient, at = northside.patients[0], datetime(2026, 5, 4, 8, tzinfo=UTC)
    with northside.scope():
        measure(patient, Metric.BLOOD_PRESSURE, [(at, 120, 80), (at + timedelta(hours=8), 140, 90)])
        measure(patient, Metric.HEART_RATE, [(at, 70)])
        periods = periods_between(at.date(), at.date(), Grain.DAY, patient.zone)
        with CaptureQueriesContext(connection) as asked:
            by_metric = aggregates_of(patient, [Metric.BLOOD_PRESSURE, Metric.STEPS, Metric.HEART_RATE], periods)
    (found,), none, (beats,) = by_metric.values()
    assert len(asked) == 1
    assert (none, beats.figures.avg) == ([], 70)

    assert (found.figures.avg, found.figures.median) == (130, 130)
    assert found.second is not None
    assert (found.second.count, found.second.min, found.second.max, found.second.avg) == (2, 80, 90, 85)


def test_the_newest_of_each_kind_is_one_statement(northside: Clinic) -> None:
    patient, at = northside.patients[0], datetime.now(UTC) - timedelta(days=3)
    with northside.scope():
        measure(patient, Metric.HEART_RATE, [(at, 70), (at + timedelta(hours=1), 74), (at - timedelta(days=800), 90)])
        measure(patient, Metric.BODY_WEIGHT, [(at, 81.5)])
        measure(northside.patients[1], Metric.HEART_RATE, [(at + timedelta(hours=2), 99)])
        with CaptureQueriesContext(connection) as asked:
            found = latest_of(patient)

    assert [(each.metric, each.value) for each in found] == [(Metric.HEART_RATE, 74), (Metric.BODY_WEIGHT, 81.5)]
    assert len(asked) == 1


def test_what_adds_up_is_compared_by_the_totals_of_days(northside: Clinic) -> None:
    patient, day = northside.patients[0], date(2026, 5, 20)
    noon = datetime(2026, 5, 20, 12, tzinfo=UTC)
    with northside.scope():
        for back, total in [(0, 6000), (1, 8000), (2, 4000), (3, 4000)]:
            at = noon - back * ONE_DAY
            measure(patient, Metric.STEPS, [(at, total / 4), (at + timedelta(hours=2), total * 3 / 4)])
        (found,) = tendencies_of(patient, [Metric.STEPS], last=day, days=2)

    assert (found.mean, found.mean_before, found.change.percent) == (7000, 4000, 75)
    assert found.line is not None
    assert found.line.slope_per_day == -2000


def _living_in(clinic: Clinic, zone: str) -> Patient:
    patient = clinic.patients[0]
    with clinic.scope():
        patient.timezone = zone
        patient.save(update_fields=["timezone"])
    return patient
