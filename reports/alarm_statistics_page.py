"""How many alarms, by what and when, how fast people answered, and how many were false."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from alerts.models import Severity
from alerts.rules import standing_for_clinic
from alerts.services.acts import Verdict
from alerts.statistics import Statistics, alarms_by_hour, statistics
from reports.alarm_board.access import VIEWING, require
from reports.alarm_board.wording import DOSING, severity_mark
from reports.charts.hours import hours_chart, share_bar
from reports.clinic import current_clinic

PERIODS = {"7": 7, "30": 30, "90": 90}
MOST_RULES = 30
NOTHING = "none yet"


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    count: int
    picture: SafeString
    severity: str = ""
    mark: SafeString | None = None


@require_safe
def statistics_page(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    days = PERIODS.get(request.GET.get("days", ""), 30)
    until = timezone.now()
    since = until - timedelta(days=days)
    found = statistics(since=since, until=until)
    zone = timezone.get_current_timezone()
    hours = alarms_by_hour(since=since, until=until, zone=zone)
    context = {
        **admin.site.each_context(request),
        "title": "Alarm statistics",
        "days": days,
        "periods": PERIODS,
        "found": found,
        "figures": _figures(found),
        "by_severity": _by_severity(found.by_severity),
        "by_rule": _by_rule(found.by_rule),
        "rules_left_out": max(len(found.by_rule) - MOST_RULES, 0),
        "hours": hours_chart(
            "alarm-hours",
            hours,
            title="Alarms by hour of the day",
            description="; ".join(f"{hour} h: {count}" for hour, count in enumerate(hours) if count) or "None.",
        ),
        "zone": current_clinic(request).timezone.replace("_", " "),
        "reviews": [(Verdict(name).label, count) for name, count in found.reviewed.items()],
        "dosing": DOSING,
    }
    return TemplateResponse(request, "workplace/alarm_statistics.html", context)


def _figures(found: Statistics) -> list[tuple[str, str, str]]:
    rate, share = found.alarms_per_patient_day, found.false_alarm_share
    judged = found.reviewed[Verdict.TRUE_ALARM] + found.reviewed[Verdict.FALSE_ALARM]
    return [
        ("Alarms", f"{found.alarms:,}", f"{found.open:,} of them open"),
        (
            "Alarms per patient and day",
            NOTHING if rate is None else f"{rate:.2f}",
            f"{found.patient_days:,} patient-days with readings" if found.patient_days else "no day with readings yet",
        ),
        (
            "Until acknowledged, median",
            span_words(found.median_until_acknowledged),
            f"{found.acknowledged:,} of {found.alarms:,} were acknowledged",
        ),
        ("Until acknowledged, 9 of 10 within", span_words(found.p90_until_acknowledged), ""),
        (
            "False alarms",
            NOTHING if share is None else f"{share:.0%}",
            f"of {judged:,} reviewed as true or false" if judged else "nobody has reviewed an alarm yet",
        ),
    ]


def span_words(span: timedelta | None) -> str:
    if span is None:
        return NOTHING
    seconds = max(round(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def _by_severity(counts: Mapping[str, int]) -> list[Bar]:
    most = max([*counts.values(), 1])
    return [
        Bar(Severity(name).label, counts[name], share_bar(counts[name] / most), name, severity_mark(name))
        for name in reversed(Severity.values)
    ]


def _by_rule(counts: Mapping[str, int]) -> list[Bar]:
    """By the clinic's names. What a patient's own rule is called is about that patient: here it has its code."""
    shown = dict(list(counts.items())[:MOST_RULES])
    standing = standing_for_clinic()
    most = max([*shown.values(), 1])
    return [
        Bar(standing[code].name if code in standing else code, count, share_bar(count / most))
        for code, count in shown.items()
    ]
