"""Vital signs as the page tells them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from analytics.tendency import Direction
from patients.models import Patient
from readings.history.days import ONE_DAY
from reports.patient.figures import NOTHING
from reports.patient.vitals.chart import vital_chart
from vitals.analysis.aggregates import Aggregate
from vitals.analysis.latest import Latest
from vitals.analysis.tendencies import Tendency, tendencies_of
from vitals.catalogue import TYPES, Metric, MetricType
from vitals.wording import spoken_value

NAMES = {
    "bmi": "Body mass index",
    "hba1c": "HbA1c",
    "vo2_max": "VO₂ max",
    "rem_sleep_duration": "REM sleep duration",
} | {f"{short}_cholesterol": f"{short.upper()} cholesterol" for short in ("hdl", "ldl")}
_WORDS = {Direction.UP: "Up", Direction.DOWN: "Down", Direction.NEUTRAL: "About the same"}


@dataclass(frozen=True, slots=True)
class Newest:
    name: str
    value: str
    unit: str
    age: str
    source: str
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    day: date
    count: int
    value: str
    lowest: str
    highest: str


@dataclass(frozen=True, slots=True)
class Course:
    """One kind over the period. ``chart`` is None where neither the period nor the one before has measurements."""

    name: str
    unit: str
    mean: str
    change: str
    chart: SafeString | None
    rows: list[Row]
    is_total: bool


def name_of(kind: MetricType) -> str:
    return NAMES.get(kind.name) or kind.name.replace("_", " ").capitalize()


def courses_of(patient: Patient, metrics: Collection[Metric], *, last: date, days: int) -> list[Course]:
    first = last - (days - 1) * ONE_DAY
    return [_course(found, first=first, days=days) for found in tendencies_of(patient, metrics, last=last, days=days)]


def newest_told(each: Latest, now: datetime) -> Newest:
    kind = TYPES[each.metric]
    value = spoken_value(kind, each.value, each.second_value)
    shown = value if isinstance(value, str) else f"{value:,.{kind.decimals}f}"
    unit = "" if kind.unit in ("count", "score", "level") else kind.unit
    return Newest(name_of(kind), shown, unit, _age(each.measured_at, now), each.source, each.measured_at)


def _age(measured_at: datetime, now: datetime) -> str:
    return "just now" if now - measured_at < timedelta(minutes=1) else f"{timesince(measured_at, now)} ago"


def _course(found: Tendency, *, first: date, days: int) -> Course:
    kind = TYPES[found.metric]
    change = _change(found, days)
    has_any = bool(found.days or found.days_before)
    description = f"{name_of(kind)}: {_mean(kind, found.mean)} on average. {change}"
    return Course(
        name=name_of(kind),
        unit=kind.unit,
        mean=_mean(kind, found.mean),
        change=change,
        chart=vital_chart(found, first=first, days=days, description=description) if has_any else None,
        rows=[_row(kind, day) for day in reversed(found.days)],
        is_total=kind.is_additive,
    )


def _mean(kind: MetricType, mean: float | None) -> str:
    return NOTHING if mean is None else f"{mean:,.{kind.decimals}f}"


def _change(found: Tendency, days: int) -> str:
    if not found.days:
        return f"Nothing was measured in these {days} days."
    if found.change.direction is Direction.NO_DATA:
        return f"Nothing was measured in the {days} days before."
    return f"{_WORDS[found.change.direction]}{_percent(found.change.percent)} against the {days} days before."


def _percent(percent: float | None) -> str:
    if percent is None or round(percent) == 0:
        return ""
    return f" ({percent:+.0f}%)".replace("-", "−")  # noqa: RUF001 - a minus


def _row(kind: MetricType, day: Aggregate) -> Row:
    second = day.second

    def told(first: float, other: float | None) -> str:
        value = spoken_value(kind, first, other)
        return value if isinstance(value, str) else f"{value:,.{kind.decimals}f}"

    main = day.figures.sum if kind.is_additive else day.figures.avg
    return Row(
        day=day.begins_on,
        count=day.figures.count,
        value=told(main, second.avg if second else None),
        lowest=told(day.figures.min, second.min if second else None),
        highest=told(day.figures.max, second.max if second else None),
    )
