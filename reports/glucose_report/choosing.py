"""What of a report can be chosen, and what is meant where nothing was."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from reports.glucose_report.language import LanguageCode
from reports.glucose_report.subject import PERIODS, USUAL_PERIOD, Choices, Paper
from tenancy.models import GlucoseUnit, Organization

Kind = TypeVar("Kind", bound=StrEnum)
PAPERS = {Paper.A4: "A4", Paper.LETTER: "US letter"}


def usual_choices(clinic: Organization) -> Choices:
    """In the clinic's unit; letter for the clocks of America, where that is the printers' paper."""
    paper = Paper.LETTER if clinic.timezone.startswith(("America/", "US/", "Canada/")) else Paper.A4
    return Choices(USUAL_PERIOD, LanguageCode.ENGLISH, paper, clinic.glucose_unit)


def choices_of(sent: Mapping[str, str], clinic: Organization) -> Choices:
    """Of a page's address: what it does not know is as if it were not there."""
    usual = usual_choices(clinic)
    days, unit = sent.get("days", ""), sent.get("unit", "")
    return Choices(
        days=int(days) if days in {str(period) for period in PERIODS} else usual.days,
        language=_one_of(LanguageCode, sent.get("language", ""), usual.language),
        paper=_one_of(Paper, sent.get("paper", ""), usual.paper),
        unit=unit if unit in GlucoseUnit.values else usual.unit,
    )


def _one_of(kind: type[Kind], sent: str, usual: Kind) -> Kind:
    return kind(sent) if sent in set(kind) else usual
