"""Days from midnight to midnight by the patient's clock: two weeks of them, and one large with its alarms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from analytics.daily import DailyProfile
from audit.services import record_look
from patients.models import Patient
from readings.history.days import ONE_DAY, day_of, start_of_day
from reports.alarm_board.access import require
from reports.alarm_timeline import MOST_EPISODES, episodes_in, line_of, pictures
from reports.charts.ranges import percent_words
from reports.charts.trace import Window as ChartWindow
from reports.glucose import Window, analysis_of, last_days
from reports.glucose_report.content import Day
from reports.glucose_report.language import Language, LanguageCode, language
from reports.glucose_report.sections.days import SHOWN, days_section
from reports.glucose_report.svg.parts import day_picture
from reports.patient.head import head_of
from reports.wording import value_words

VIEW, ALARMS = "readings.view_glucosereading", "alerts.view_episode"
SEEN = "analytics.days"


@dataclass(frozen=True, slots=True)
class Box:
    """A small picture of the two weeks, and the day that it leads to."""

    day: date
    told: Day
    picture: SafeString
    is_shown: bool


def days_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    require(request, VIEW)
    record_look(kind=SEEN, object_id=patient.code, patient_id=patient.pk)
    context |= head_of(request, patient, "days")
    today = day_of(timezone.now(), patient.zone)
    newest = last_days(patient, 1).last
    day = _chosen_day(request, newest, today)
    window = _two_weeks(day, newest, patient)
    analysis, words, unit = analysis_of(patient, window), language(LanguageCode.ENGLISH), context["unit"]
    profiles = {profile.day: profile for profile in analysis.days}
    boxes = days_section(analysis, window, unit, words, "").days
    context |= {
        "title": f"Days of {patient}",
        "day": day,
        "day_before": day - ONE_DAY,
        "day_after": day + ONE_DAY if day < today else None,
        "window": window,
        "earlier": window.first - ONE_DAY,
        "later": window.last + SHOWN * ONE_DAY if window.last < newest else None,
        "boxes": [
            Box(date_, told, day_picture(told, f"day-{number}"), date_ == day)
            for number, (date_, told) in enumerate(zip(_dates(window), boxes, strict=True))
        ],
        "facts": _facts(profiles.get(day), unit, words),
        **_large(request, patient, day),
    }
    return TemplateResponse(request, "workplace/patient_days.html", context)


def _chosen_day(request: HttpRequest, newest: date, today: date) -> date:
    """The newest day with readings, where the address names none, or one to come."""
    try:
        asked = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return newest
    # Before that year some zones have no offset that PostgreSQL would take.
    return asked if asked <= today and asked.year >= 2000 else newest


def _two_weeks(day: date, newest: date, patient: Patient) -> Window:
    """They end with the newest readings, or whole fortnights before: they stay where they are from day to day."""
    back = max(0, (newest - day).days // SHOWN)
    last = max(day, newest) - back * SHOWN * ONE_DAY
    return Window.of_days(last - (SHOWN - 1) * ONE_DAY, last, patient.zone)


def _dates(window: Window) -> list[date]:
    return [window.first + number * ONE_DAY for number in range(window.days)]


def _large(request: HttpRequest, patient: Patient, day: date) -> dict[str, Any]:
    window = ChartWindow(start_of_day(day, patient.zone), start_of_day(day + ONE_DAY, patient.zone), patient.zone)
    episodes = episodes_in(patient, window) if request.user.has_perm(ALARMS) else []
    return {
        "pictures": pictures(request, patient, window, episodes[:MOST_EPISODES], name="day-large"),
        "lines": [line_of(episode, patient) for episode in episodes[:MOST_EPISODES]],
        "left_out": len(episodes) > MOST_EPISODES,
        "hours_words": _hours_words(window.since, window.until),
    }


def _hours_words(since: datetime, until: datetime) -> str:
    hours = (until - since) / timedelta(hours=1)
    return "" if hours == 24 else f"This day has {hours:g} hours: clocks were changed."


def _facts(profile: DailyProfile | None, unit: str, words: Language) -> list[tuple[str, str]]:
    """As the profile and the report round them."""
    if profile is None:
        return []
    percents = profile.times.whole_percents()
    low, high = percents["very_low"] + percents["low"], percents["high"] + percents["very_high"]
    beyond = profile.beyond.tolist()
    return [
        ("In range", percent_words(profile.times.in_range, percents["in_range"])),
        ("Low and very low", percent_words(profile.times.below, low)),
        ("High and very high", percent_words(profile.times.above, high)),
        ("Average", f"{words.glucose(profile.mean, unit)} {unit}"),
        ("Lowest", value_words(round(profile.minimum), min(0, *beyond), unit)),
        ("Highest", value_words(round(profile.maximum), max(0, *beyond), unit)),
        ("Readings", words.whole(profile.times.count)),
    ]
