"""Which way the measures of a patient go: the last days against as many before them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np

from analytics.tendency import Change, Line, change, line
from patients.models import Patient
from readings.history.days import ONE_DAY
from vitals.analysis.aggregates import Aggregate, aggregates_of
from vitals.analysis.periods import Grain, periods_between
from vitals.catalogue import TYPES, Metric


@dataclass(frozen=True, slots=True)
class Tendency:
    """``days`` and ``days_before``: the aggregate of each day that has measurements. ``mean`` and ``mean_before``: over
    those days, each counting once; of what adds up over a day, its totals. None without measurements."""

    metric: Metric
    days: list[Aggregate]
    days_before: list[Aggregate]
    mean: float | None
    mean_before: float | None
    change: Change
    line: Line | None


def tendencies_of(patient: Patient, metrics: Collection[Metric], *, last: date, days: int) -> list[Tendency]:
    """``last`` is the last day, which belongs to it. Of a pair: of its first value."""
    first = last - (days - 1) * ONE_DAY
    before = first - days * ONE_DAY
    found = aggregates_of(patient, metrics, periods_between(before, last, Grain.DAY, patient.zone))
    return [_tendency(metric, aggregates, first) for metric, aggregates in found.items()]


def _tendency(metric: Metric, found: list[Aggregate], first: date) -> Tendency:
    now = [day for day in found if day.begins_on >= first]
    former = [day for day in found if day.begins_on < first]
    values, former_values = _values(metric, now), _values(metric, former)
    mean = float(np.mean(values)) if values else None
    mean_before = float(np.mean(former_values)) if former_values else None
    places = np.array([float((day.begins_on - first).days) for day in now])
    return Tendency(
        metric=metric,
        days=now,
        days_before=former,
        mean=mean,
        mean_before=mean_before,
        change=change(mean, mean_before),
        line=line(places, np.array(values)),
    )


def _values(metric: Metric, days: list[Aggregate]) -> list[float]:
    adds_up = TYPES[metric].is_additive
    return [day.figures.sum if adds_up else day.figures.avg for day in days]
