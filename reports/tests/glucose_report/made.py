"""Reports of readings made by a formula, so that the numbers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from analytics.goals import Preset
from analytics.summary import analyse
from analytics.trace import MINUTE, Trace
from reports.glucose.windows import Window
from reports.glucose_report.build import build_content
from reports.glucose_report.content import ReportContent
from reports.glucose_report.language import LanguageCode
from reports.glucose_report.subject import Choices, Paper, Subject

BERLIN = ZoneInfo("Europe/Berlin")
MADE_AT = datetime(2026, 11, 22, 20, 55, tzinfo=UTC)
LAST_DAY = date(2026, 11, 21)
# No words of the language, but names for who draws.
NOT_SHOWN = {"language", "paper", "name", "kind", "style", "description", "unprintable"}


def trace(days: float = 14, *, zone: ZoneInfo = BERLIN, last: date = LAST_DAY, every: int = 5, mmol: bool = False,
          centre: float = 140, swing: float = 90) -> Trace:  # fmt: skip
    """A wave of a day, to the end of the last day, that reaches each range."""
    until = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone).timestamp() * 1000
    count = round(days * 1440 / every)
    instants = np.int64(until) - every * MINUTE * np.arange(count, 0, -1)
    wave = np.sin(instants / (24 * 60 * MINUTE) * 2 * np.pi)
    glucose = np.round(centre + swing * wave * (1 + np.arange(count) % 3 / 4))
    return Trace.of(instants, np.clip(glucose, 40, 400), zone, is_mmol=mmol)


def report(
    of: Trace | None = None, *, days: int = 14, language: str = "en", paper: str = "a4", unit: str = "mg/dL",
    preset: Preset = Preset.ADULT, last: date = LAST_DAY, **subject: Any,
) -> ReportContent:  # fmt: skip
    of = trace() if of is None else of
    window = Window.of_days(last - timedelta(days=days - 1), last, of.zone)
    about: dict[str, Any] = {
        "clinic": "Northside Clinic", "name": "Okonkwo, Adaeze", "code": "user_5678", "birth_date": date(1984, 3, 12),
        "record_number": "MRN 77", "zone": of.zone, "preset": preset, "sources": ("Dexcom G7 (ARGUS_001234)",),
    }  # fmt: skip
    return build_content(
        analyse(of, *window.milliseconds, preset),
        Subject(**{**about, **subject}),
        window,
        Choices(days, LanguageCode(language), Paper(paper), unit),
        made_at=MADE_AT,
    )


def shown_texts(content: Any) -> Iterator[str]:
    """Everything that a reader of the page reads."""
    if isinstance(content, dict):
        # Of a section that says why it is missing nothing else is drawn; a day without readings has its date.
        hidden = (
            {"parts", "goals", "metrics", "notes", "plot"} if content.get("missing") and "title" in content else set()
        )
        for key, value in content.items():
            if key not in NOT_SHOWN | hidden:
                yield from shown_texts(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from shown_texts(value)
    elif isinstance(content, str) and content:
        yield content


def squeezed(text: str) -> str:
    """Lines break where they must."""
    return "".join(text.split())
