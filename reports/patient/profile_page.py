"""The shape of the patient's day: the curve, the ranges and the goals of a period, and the period before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from analytics.summary import Analysis
from audit.services import record_look
from patients.models import Patient
from reports.alarm_board.access import require
from reports.glucose import Window, analysis_of, last_days
from reports.glucose.comparing import change
from reports.glucose.documents import summary_body
from reports.glucose.numbers import In
from reports.glucose.results import summary_of
from reports.glucose_report.build import insufficient_words, no_curve_words, warning_words
from reports.glucose_report.language import LanguageCode, language
from reports.glucose_report.sections.curve import curve_section
from reports.glucose_report.sections.metrics import metrics_section
from reports.glucose_report.sections.ranges import ranges_section
from reports.glucose_report.svg.parts import NARROW, WIDE, curve_picture, ranges_picture
from reports.patient.figures import told_change, told_figure
from reports.patient.head import head_of
from reports.patient.periods import DAYS, chosen_days

Figure = Callable[[dict[str, Any]], float | None]
VIEW = "readings.view_glucosereading"
# The kind of look that the ledger knows from the answer over REST with the same numbers.
SEEN = "analytics.comparison"

_SHARES = {
    "veryLow": "Very low", "below": "Low and very low", "inRange": "In range", "tight": "In tight range",
    "above": "High and very high", "veryHigh": "Very high",
}  # fmt: skip
_FIGURES = (
    ("mean", "Average glucose", "glucose"), ("gmi", "GMI", "%"), ("cv", "CV", "%"),
    ("sd", "Standard deviation", "glucose"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    label: str
    now: str
    before: str
    change: str


def profile_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    require(request, VIEW)
    record_look(kind=SEEN, object_id=patient.code, patient_id=patient.pk)
    context |= head_of(request, patient, "profile")
    days, unit = chosen_days(request), context["unit"]
    window = last_days(patient, days)
    analysis = analysis_of(patient, window)
    context |= {
        "title": f"Profile of {patient}",
        "days": days,
        "periods": DAYS,
        "window": window,
        "analysis": analysis,
        **_sections(analysis, unit),
        **_comparison(patient, window, analysis, unit),
    }
    return TemplateResponse(request, "workplace/patient_profile.html", context)


def _sections(analysis: Analysis, unit: str) -> dict[str, Any]:
    words = language(LanguageCode.ENGLISH)
    missing = "" if analysis.sufficiency.sections_allowed else insufficient_words(analysis, words)
    curve = curve_section(analysis, unit, words, missing or no_curve_words(analysis, words))
    ranges = ranges_section(analysis, analysis.preset, unit, words, missing)
    return {
        "missing": missing,
        "warnings": () if missing else warning_words(analysis, words),
        "curve": curve,
        "curves": [
            (name, curve_picture(curve, f"profile-{name}", size)) for name, size in (("wide", WIDE), ("narrow", NARROW))
        ],
        "ranges": ranges,
        "ranges_picture": ranges_picture(ranges, "profile-ranges"),
        "metrics": metrics_section(analysis, unit, words, missing),
    }


def _comparison(patient: Patient, window: Window, analysis: Analysis, unit: str) -> dict[str, Any]:
    now, before = summary_body(analysis, In(unit)), summary_of(patient, window.before, unit)
    difference = change(now, before)

    def row(label: str, figure: Figure, name: str, of_unit: str = "") -> Compared:
        shown, former = told_figure(figure(now), of_unit), told_figure(figure(before), of_unit)
        return Compared(label, shown, former, told_change(difference[name], of_unit))

    rows = [
        *(
            row(label, _share(name), name, "%")
            for name, label in _SHARES.items()
            if name != "veryHigh" or analysis.goals.limits.very_high is not None
        ),
        *(
            row(label, itemgetter(name), name, unit if of_unit == "glucose" else of_unit)
            for name, label, of_unit in _FIGURES
        ),
        row("Glycemia risk index", lambda side: side["gri"] and side["gri"]["value"], "gri"),
        row(
            "Time with readings",
            lambda side: side["sensorUse"]["activePercentOfWindow"],
            "activePercentOfWindow",
            "%",
        ),
    ]
    return {
        "compared": rows if before["readings"] else [],
        "before": window.before,
        "is_sound": all(side["sufficiency"]["isSufficient"] for side in (now, before)),
    }


def _share(name: str) -> Figure:
    return lambda side: side["timeInRanges"][name]["percent"]
