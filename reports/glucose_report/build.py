"""From the numbers of a period to all that stands on the page."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from analytics.sensor_use import Shortfall
from analytics.summary import DEFINITION_VERSION
from reports.glucose_report.content import Fact, ReportContent
from reports.glucose_report.figures import Figures
from reports.glucose_report.language import Language, language
from reports.glucose_report.sections.curve import curve_section
from reports.glucose_report.sections.days import days_section
from reports.glucose_report.sections.metrics import metrics_section
from reports.glucose_report.sections.ranges import ranges_section
from reports.glucose_report.subject import Choices, Period, Subject

# More names do not fit on the page's last lines.
MOST_SOURCES = 4


def build_content(
    figures: Figures, subject: Subject, period: Period, choices: Choices, *, made_at: datetime
) -> ReportContent:
    words, unit = language(choices.language), choices.unit
    missing = "" if figures.sufficiency.sections_allowed else _insufficient(figures, words)
    return ReportContent(
        language=choices.language,
        paper=choices.paper,
        title=words.say("Ambulatory glucose profile — CGM report"),
        clinic=subject.clinic,
        patient_name=subject.name,
        patient=_patient(subject, words),
        period=_period(figures, period, words),
        warnings=() if missing else _warnings(figures, words),
        unprintable=words.say("□ stands for a letter that cannot be printed: go by the patient ID and the date of birth."),
        ranges=ranges_section(figures, subject.preset, unit, words, missing),
        metrics=metrics_section(figures, unit, words, missing),
        curve=curve_section(figures, unit, words, missing or _no_curve(figures, words)),
        days=days_section(figures, period, unit, words, missing),
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


def _period(figures: Figures, period: Period, words: Language) -> tuple[Fact, ...]:
    use = figures.use
    active = "–" if use.active_percent is None else words.percent(words.decimal(use.active_percent))  # noqa: RUF001
    dates = f"{words.date(period.first)} – {words.date(period.last)}"  # noqa: RUF001 - from the one to the other
    return (
        Fact(words.say_many("{count} day", "{count} days", period.days), dates),
        Fact(words.say("Time CGM active"), active),
        Fact(words.say("Days with readings"), words.say("{part} of {count}", part=use.days_with_data, count=period.days)),
        Fact(words.say("Time zone"), period.zone.key.replace("_", " ")),
    )


def _insufficient(figures: Figures, words: Language) -> str:
    if Shortfall.NO_READINGS in figures.sufficiency.reasons:
        return words.say("Insufficient data: there are no readings in this period.")
    return words.say("Insufficient data: there are readings of less than 24 hours.")


def _no_curve(figures: Figures, words: Language) -> str:
    if figures.sufficiency.agp_allowed:
        return ""
    return words.say(
        "Insufficient data: the curve needs 7 days with readings, and {share} of the time on the best 7 of them.",
        share=words.percent("70"),
    )


def _warnings(figures: Figures, words: Language) -> tuple[str, ...]:
    reasons = figures.sufficiency.reasons
    said = []
    if Shortfall.SHORT_WINDOW in reasons:
        said.append(words.say("Less than 14 days: GMI and times in ranges may not stand for the usual pattern."))
    if Shortfall.LESS_THAN_70_PERCENT in reasons:
        share = words.percent(words.decimal(figures.use.active_percent_of_window))
        said.append(
            words.say(
                "Readings cover {share} of the period, less than {enough}: the figures may not stand for all of it.",
                share=share,
                enough=words.percent("70"),
            )
        )
    return tuple(said)


def _footer(subject: Subject, made_at: datetime, words: Language) -> tuple[str, ...]:
    named = ", ".join(subject.sources[:MOST_SOURCES])
    if more := len(subject.sources) - MOST_SOURCES:
        named += f" (+{more})" if more > 0 else ""
    return (
        words.say("Readings from: {devices}", devices=named or words.say("not known")),
        words.say(
            "Made {time} ({zone}) by {product} {version}, definitions {definitions}. Shares are of readings, gaps count for nothing.",
            time=words.instant(made_at, subject.zone),
            zone=subject.zone.key.replace("_", " "),
            product="Glucose Platform",
            version=settings.VERSION,
            definitions=DEFINITION_VERSION,
        ),
        words.say("For review by a health professional.") + " " + words.say("Dosing decisions should not be made based on this device."),
    )
