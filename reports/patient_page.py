"""The overview of a patient: the glucose picture of a period, the latest readings, the devices, the care."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from devices.models import Device
from patients.models import Patient
from readings.models import GlucoseReading
from readings.units import format_glucose
from reports.alarm_timeline import alarm_section
from reports.care_section import care_section
from reports.charts.bands import Bucket, Calendar, band_chart, flag_of
from reports.charts.frame import NARROW, WIDE
from reports.charts.range_bar import range_bar
from reports.charts.ranges import (
    VERY_HIGH_ABOVE,
    VERY_LOW_BELOW,
    Range,
    Target,
    percent_words,
    whole_percents,
)
from reports.charts.trace import Point, Window, gap_limit, trace_chart
from reports.dexcom_pages.panel import allow_consent_pages, dexcom_section
from reports.glucose_queries import buckets_of, counts_of, points_of, target_of
from reports.history_page import newest_history
from reports.patient.head import head_of
from reports.wording import value_words

PERIODS = {"24h": "24 hours", "14d": "14 days", "90d": "90 days"}
_STEPS = {"14d": (14, timedelta(hours=3)), "90d": (90, timedelta(days=1))}
LAST_READINGS = 12


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line of the table that says the same as the picture."""

    when: str
    count: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    wide: SafeString
    narrow: SafeString
    heads: tuple[str, ...]
    rows: Sequence[TableRow]
    counts: dict[Range, int]
    seconds: float


def patient_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    period = request.GET.get("period", "24h")
    period = period if period in PERIODS else "24h"
    context |= head_of(request, patient, "page")
    now, unit, target, worn = timezone.now(), context["unit"], target_of(patient), context["worn"]
    interval = max((device.reading_interval for device in worn), default=300)
    if period == "24h":
        picture = _day(patient, now, unit, target, interval)
    else:
        picture = _days(patient, now, unit, target, period)
    context |= {
        "period": period,
        "periods": PERIODS,
        "period_words": PERIODS[period],
        "may_archive": request.user.has_perm("patients.delete_patient"),
        "picture": picture,
        "ranges": _ranges(picture.counts, target, unit),
        "bars": [
            (size, range_bar(f"ranges-{size}", picture.counts, width=width, description=_told(picture.counts)))
            for size, width in (("wide", WIDE.width), ("narrow", NARROW.width))
        ],
        "coverage": _coverage(picture, interval),
        "history": newest_history(request, patient),
        **care_section(request, patient),
        **alarm_section(request, patient),
        **dexcom_section(request, patient),
        "readings": _last_readings(patient, unit, target),
    }
    answer = TemplateResponse(request, "workplace/patient.html", context)
    if context.get("regions"):
        allow_consent_pages(answer)
    return answer


def _day(patient: Patient, now: datetime, unit: str, target: Target, interval: int) -> Picture:
    window = Window(now - timedelta(hours=24), now, patient.zone)
    points = points_of(patient, window.since, now)
    counts = dict.fromkeys(Range, 0)
    for point in points:
        counts[target.classify(point.glucose, point.flag)] += 1
    wide, narrow = (
        trace_chart(
            name, points, window, unit=unit, target=target, gap=gap_limit(interval), size=size,
            description=_told(counts),
        )
        for name, size in (("glucose-wide", WIDE), ("glucose-narrow", NARROW))
    )  # fmt: skip
    return Picture(wide, narrow, ("Lowest", "Highest", "Last"), _hours(points, patient, unit), counts, 24 * 3600)


def _days(patient: Patient, now: datetime, unit: str, target: Target, period: str) -> Picture:
    days, step = _STEPS[period]
    today = now.astimezone(patient.zone).date()
    first = datetime.combine(today - timedelta(days=days - 1), time.min)
    buckets = buckets_of(patient, first, now, step)
    since = first.replace(tzinfo=patient.zone)
    counts, seconds = counts_of(patient, since, now), (now - since.astimezone(UTC)).total_seconds()
    wide, narrow = (
        band_chart(
            name, buckets, Calendar(first, days, step), unit=unit, target=target, size=size, description=_told(counts)
        )
        for name, size in (("glucose-wide", WIDE), ("glucose-narrow", NARROW))
    )
    rows = [_bucket_row(bucket, step, unit) for bucket in reversed(buckets)]
    return Picture(wide, narrow, ("Lowest", "25%", "Median", "75%", "Highest"), rows, counts, seconds)


def _hours(points: Sequence[Point], patient: Patient, unit: str) -> list[TableRow]:
    hours: dict[datetime, list[Point]] = {}
    for point in points:
        hours.setdefault(point.at.replace(minute=0, second=0, microsecond=0), []).append(point)
    rows = []
    for hour, inside in sorted(hours.items(), reverse=True):
        ranked = sorted(inside, key=lambda point: (point.flag, point.glucose))
        shown = (ranked[0], ranked[-1], inside[-1])
        cells = tuple(value_words(point.glucose, point.flag, unit) for point in shown)
        rows.append(TableRow(f"{hour.astimezone(patient.zone):%a %d %b, %H:00}", len(inside), cells))
    return rows


def _bucket_row(bucket: Bucket, step: timedelta, unit: str) -> TableRow:
    values = (bucket.lowest, bucket.quarter, bucket.median, bucket.three_quarters, bucket.highest)
    cells = tuple(value_words(value, flag_of(value), unit) for value in values)
    hours = f"{bucket.begins:%a %d %b}"
    if step < timedelta(days=1):
        hours += f", {bucket.begins:%H:%M} to {bucket.begins + step:%H:%M}"
    return TableRow(hours, bucket.count, cells)


def _ranges(counts: dict[Range, int], target: Target, unit: str) -> list[tuple[Range, str, str]]:
    """In the order of the bar: the range, its limits, its share."""
    low, high, top = (format_glucose(value, unit) for value in (target.low, target.high, VERY_HIGH_ABOVE))
    limits = {
        Range.VERY_LOW: f"below {format_glucose(VERY_LOW_BELOW, unit)}",
        Range.LOW: f"{format_glucose(VERY_LOW_BELOW, unit)} to below {low}",
        Range.IN_RANGE: f"{low} to {high}",
        Range.HIGH: f"above {high} to {top}",
        Range.VERY_HIGH: f"above {top}",
    }
    percents = whole_percents(counts)
    return [
        (part, words, percent_words(counts[part], percents[part])) for part, words in limits.items() if target.has(part)
    ]


def _told(counts: dict[Range, int]) -> str:
    total = sum(counts.values())
    if not total:
        return "No readings in this period."
    percents = whole_percents(counts)
    shares = ", ".join(f"{percent_words(counts[part], percents[part])} {part.label.lower()}" for part in Range)
    return f"{total} readings: {shares}."


def _coverage(picture: Picture, interval: int) -> int:
    """Readings there are, of a hundred that a sensor with this interval gives."""
    return min(100, round(100 * sum(picture.counts.values()) * interval / picture.seconds))


def _last_readings(patient: Patient, unit: str, target: Target) -> list[dict[str, Any]]:
    newest = GlucoseReading.objects.for_patient(patient).newest_first()[:LAST_READINGS]
    readings = list(newest)
    codes = dict(Device.objects.filter(pk__in={reading.device_id for reading in readings}).values_list("pk", "code"))
    return [
        {
            "at": reading.measured_at,
            # Formatted here: a template would turn it to the clinic's zone.
            "when": f"{reading.measured_at.astimezone(patient.zone):%a %d %b, %H:%M}",
            "value": value_words(reading.glucose, reading.range_flag, unit),
            "range": target.classify(reading.glucose, reading.range_flag),
            "device": codes[reading.device_id],
            "is_copy": reading.is_copy,
        }
        for reading in readings
    ]
