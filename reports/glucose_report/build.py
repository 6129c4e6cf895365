"""From the numbers of a period to all that stands on the page."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from analytics.sensor_use import Shortfall
from analytics.summary import DEFINITION_VERSION, Analysis
from reports.glucose.windows import Window
from reports.glucose_report.content import Fact, ReportContent
from reports.glucose_report.language import Language, language
from reports.glucose_report.sections.curve import curve_section
from reports.glucose_report.sections.days import days_section
from reports.glucose_report.sections.metrics import metrics_section
from reports.glucose_report.sections.ranges import ranges_section
from reports.glucose_report.subject import Choices, Subject

# More names, and longer ones, do not fit on the page's last lines.
MOST_SOURCES, LONGEST_NAME = 4, 50


def build_content(
    analysis: Analysis, subject: Subject, window: Window, choices: Choices, *, made_at: datetime
) -> ReportContent:
    words, unit = language(choices.language), choices.unit
    missing = "" if analysis.sufficiency.sections_allowed else insufficient_words(analysis, words)
    return ReportContent(
        language=choices.language,
        paper=choices.paper,
        title=words.say("Ambulatory glucose profile — CGM report"),
        clinic=subject.clinic,
        patient_name=subject.name,
        patient=_patient(subject, words),
        period=_period(analysis, window, words),
        warnings=() if missing else warning_words(analysis, words),
        unprintable=words.say(
            "□ stands for a letter that cannot be printed: go by the patient ID and the date of birth."
        ),
        ranges=ranges_section(analysis, subject.preset, unit, words, missing),
        metrics=metrics_section(analysis, unit, words, missing),
        curve=curve_section(analysis, unit, words, missing or no_curve_words(analysis, words)),
        days=days_section(analysis, window, unit, words, missing),
        signature=(words.say("Reviewed by"), words.say("Date and signature")),
        footer=_footer(subject, made_at, words),
        page=words.say("Page {number} of {count}", number=1, count=1),
    )


def _patient(subject: Subject, words: Language) -> tuple[Fact, ...]:
    born = words.date(subject.birth_date) if subject.birth_date else words.say("not known")
    facts = [Fact(words.say("Born"), born), Fact(words.say("Patient ID"), subject.code)]
    if subject.record_number:
        facts.append(Fact(words.say("Record number"), subject.record_number))
    return tuple(facts)


def _period(analysis: Analysis, window: Window, words: Language) -> tuple[Fact, ...]:
    use = analysis.use
    active = "–" if use.active_percent is None else words.percent(words.decimal(use.active_percent))  # noqa: RUF001
    dates = f"{words.date(window.first)} – {words.date(window.last)}"  # noqa: RUF001 - from the one to the other
    return (
        Fact(words.say_many("{count} day", "{count} days", window.days), dates),
        Fact(words.say("Time CGM active"), active),
        Fact(
            words.say("Days with readings"), words.say("{part} of {count}", part=use.days_with_data, count=window.days)
        ),
        Fact(words.say("Time zone"), window.zone.key.replace("_", " ")),
    )


def insufficient_words(analysis: Analysis, words: Language) -> str:
    if Shortfall.NO_READINGS in analysis.sufficiency.reasons:
        return words.say("Insufficient data: there are no readings in this period.")
    return words.say("Insufficient data: there are readings of less than 24 hours.")


def no_curve_words(analysis: Analysis, words: Language) -> str:
    if analysis.sufficiency.agp_allowed:
        return ""
    return words.say(
        "Insufficient data: the curve needs 7 days with readings, and {share} of the time on the best 7 of them.",
        share=words.percent("70"),
    )


def warning_words(analysis: Analysis, words: Language) -> tuple[str, ...]:
    reasons = analysis.sufficiency.reasons
    said = []
    if Shortfall.SHORT_WINDOW in reasons:
        said.append(words.say("Less than 14 days: GMI and times in ranges may not stand for the usual pattern."))
    if Shortfall.LESS_THAN_70_PERCENT in reasons:
        share = words.percent(words.decimal(analysis.use.active_percent_of_window))
        said.append(
            words.say(
                "Readings cover {share} of the period, less than {enough}: the figures may not stand for all of it.",
                share=share,
                enough=words.percent("70"),
            )
        )
    return tuple(said)


def _footer(subject: Subject, made_at: datetime, words: Language) -> tuple[str, ...]:
    named = ", ".join(_shortened(name) for name in subject.sources[:MOST_SOURCES])
    if more := len(subject.sources) - MOST_SOURCES:
        named += f" (+{more})" if more > 0 else ""
    return (
        words.say("Readings from: {devices}", devices=named or words.say("not known")),
        words.say(
            "Made {time} ({zone}) by {product} {version}, definitions {definitions}. "
            "Shares are of readings, gaps count for nothing.",
            time=words.instant(made_at, subject.zone),
            zone=subject.zone.key.replace("_", " "),
            product="Glucose Platform",
            version=settings.VERSION,
            definitions=DEFINITION_VERSION,
        ),
        words.say("For review by a health professional.")
        + " "
        + words.say("Dosing decisions should not be made based on this device."),
    )


def _shortened(name: str) -> str:
    """The code stands at the end."""
    return name if len(name) <= LONGEST_NAME else f"{name[:20]}…{name[-28:]}"
