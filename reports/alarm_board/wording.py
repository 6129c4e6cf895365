"""How alarms are worded and marked: each severity has a word and a shape beside its colour."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.safestring import SafeString

from alerts.deliveries.messages import DISCLAIMER
from alerts.models import Episode, Severity
from reports.charts.svg import element
from reports.wording import value_words

DOSING = DISCLAIMER
# A sensor measures from 40 to 400; what is kept beyond stands for Low and High.
LOWEST, HIGHEST = 40, 400
STATES = {
    Episode.State.CONFIRMING: "Not confirmed yet",
    Episode.State.ACTIVE: "In alarm now",
    Episode.State.EASING: "Back beyond the limit, closing",
    Episode.State.RESOLVED: "Ended",
    Episode.State.DISMISSED: "Dismissed before it was an alarm",
}
# In a box of 20: an octagon, a triangle, a diamond; low is a circle.
_SHAPES = {
    Severity.CRITICAL: "6.5,1 13.5,1 19,6.5 19,13.5 13.5,19 6.5,19 1,13.5 1,6.5",
    Severity.HIGH: "10,1.5 19,18 1,18",
    Severity.MEDIUM: "10,1 19,10 10,19 1,10",
}


def severity_mark(severity: str) -> SafeString:
    """Hidden from screen readers: the word stands beside it."""
    points = _SHAPES.get(Severity(severity))
    shape = element("polygon", points=points) if points else element("circle", cx=10, cy=10, r=8)
    stroke = (
        element("path", d="M10 5v6.5M10 14.2v1.6", class_="alarm-mark-stroke")
        if severity in (Severity.CRITICAL, Severity.HIGH)
        else SafeString("")
    )
    return element(
        "svg", shape, stroke, class_=f"alarm-mark severity-{severity}", viewBox="0 0 20 20", aria_hidden="true"
    )


def glucose_words(glucose: int | None, unit: str) -> str:
    """Empty where an alarm is not about glucose."""
    if glucose is None:
        return ""
    if LOWEST <= glucose <= HIGHEST:
        return f"{value_words(glucose, 0, unit)} {unit}"
    return value_words(glucose, -1 if glucose < LOWEST else 1, unit)


def clock_words(instant: datetime, patient_zone: ZoneInfo | None = None, *, now: datetime | None = None) -> str:
    """By the clinic's clock, with the day where it is another one, and by the patient's where that is different."""
    local, today = timezone.localtime(instant), timezone.localtime(now or timezone.now())
    words = f"{local:%H:%M}" if local.date() == today.date() else f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"
    there = None if patient_zone is None else instant.astimezone(patient_zone)
    if there is not None and there.utcoffset() != local.utcoffset():
        words += f" ({there:%H:%M} where the patient is)"
    return words
