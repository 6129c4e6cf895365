"""A patient's glucose with the alarms below it, and what came late or twice or may be no low: on the pages of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from alerts.models import OPEN_STATES, Episode, Severity
from alerts.timeline import Mark, MarkKind, marks_of
from devices.models import Assignment
from patients.models import Patient
from reports.alarm_board.wording import glucose_words, severity_mark
from reports.charts.episodes import Bar, Stretch, thinned, timeline_chart
from reports.charts.frame import NARROW, WIDE, Size
from reports.charts.trace import Window, gap_limit
from reports.clinic import current_clinic
from reports.glucose_queries import points_of, target_of

PERIODS = {"24h": ("24 hours", 24), "3d": ("3 days", 72), "14d": ("14 days", 14 * 24)}
MOST_EPISODES, MOST_STRETCHES = 100, 200
# As high as the trace of one alarm's page.
SHORT = Size(width=WIDE.width, height=340, left=WIDE.left, narrow=False)


@dataclass(frozen=True, slots=True)
class Line:
    """An episode in the list that says the same as the picture."""

    episode: Episode
    mark: SafeString
    severity: str
    when: str


def alarm_section(request: HttpRequest, patient: Patient, *, usual: str = "24h") -> dict[str, Any]:
    """Nothing for who may not see alarms."""
    if not request.user.has_perm("alerts.view_episode"):
        return {}
    period = request.GET.get("alarms", usual)
    period = period if period in PERIODS else usual
    now = timezone.now()
    window = Window(now - timedelta(hours=PERIODS[period][1]), now, patient.zone)
    episodes = episodes_in(patient, window)
    return {
        "alarm_period": period,
        "alarm_periods": {name: words for name, (words, _) in PERIODS.items()},
        "alarm_pictures": pictures(request, patient, window, episodes[:MOST_EPISODES], name="alarms"),
        "alarm_lines": [line_of(episode, patient) for episode in episodes[:MOST_EPISODES]],
        "alarms_left_out": len(episodes) > MOST_EPISODES,
    }


def episodes_in(patient: Patient, window: Window) -> list[Episode]:
    """Alarms that were open at some time of the window, newest first; one more than are shown."""
    # An alarm of a rule about silence may stay open for long; others end within days.
    begun = Q(state__in=OPEN_STATES) | Q(opened_at__gte=window.since - timedelta(days=30))
    confirmed = Episode.objects.confirmed().of_patient(patient).filter(begun, opened_at__lt=window.until)
    return list(confirmed.exclude(ended_at__lt=window.since).newest_first()[: MOST_EPISODES + 1])


def pictures(
    request: HttpRequest, patient: Patient, window: Window, episodes: list[Episode], *, name: str
) -> dict[str, SafeString]:
    """For wide screens and for phones."""
    unit, target = current_clinic(request).glucose_unit, target_of(patient)
    points = points_of(patient, window.since, window.until)
    bars, stretches = [_bar(episode, patient) for episode in episodes], _stretches(patient, window, unit)
    intervals = Assignment.objects.open().filter(patient=patient).values_list("device__reading_interval", flat=True)
    gap = gap_limit(max(intervals, default=300))
    return {
        kind: timeline_chart(
            f"{name}-{kind}",
            thinned(points, window, columns := size.width // 2),
            bars,
            stretches,
            window,
            unit=unit,
            target=target,
            # Extremes of neighbouring columns may lie two of them apart.
            gap=max(gap, 2 * (window.until - window.since) / columns),
            size=size,
            title=f"Glucose in {unit}, with alarms",
            description=f"{len(points)} readings, {len(bars)} alarms. The list below names them.",
        )
        for kind, size in (("wide", SHORT), ("narrow", NARROW))
    }


def _bar(episode: Episode, patient: Patient) -> Bar:
    return Bar(
        begins_at=episode.opened_at,
        ends_at=episode.ended_at,
        severity=episode.severity,
        word=episode.rule_name if len(episode.rule_name) <= 24 else f"{episode.rule_name[:23]}…",
        told=f"{Severity(episode.severity).label}: {episode.rule_name}, {_when(episode, patient)}",
        address=reverse("admin:alarm", args=[episode.public_id]),
    )


def line_of(episode: Episode, patient: Patient) -> Line:
    severity = Severity(episode.severity)
    return Line(episode, severity_mark(severity), severity.label, _when(episode, patient))


def _when(episode: Episode, patient: Patient) -> str:
    """By the patient's clock, as the picture."""
    begin = episode.opened_at.astimezone(patient.zone)
    if episode.ended_at is None:
        return f"{begin:%a %d %b, %H:%M} until now"
    end = episode.ended_at.astimezone(patient.zone)
    return (
        f"{begin:%a %d %b, %H:%M} to {end:%H:%M}"
        if begin.date() == end.date()
        else (f"{begin:%a %d %b, %H:%M} to {end:%a %d %b, %H:%M}")
    )


def _stretches(patient: Patient, window: Window, unit: str) -> list[Stretch]:
    marks = marks_of(patient=patient, since=window.since, until=window.until)
    return [_stretch(mark, patient, unit) for mark in marks[-MOST_STRETCHES:]]


def _stretch(mark: Mark, patient: Patient, unit: str) -> Stretch:
    match mark.kind:
        case MarkKind.LATE:
            arrived = _clock(mark.arrived_at or mark.until, patient)
            told = f"{mark.count} readings came late, from {arrived} on"
        case MarkKind.COPIES:
            told = f"{mark.count} copies from {_clock(mark.since, patient)} on, by {mark.device}"
        case _:
            told = f"Possible compression low, down to {glucose_words(mark.lowest, unit)}"
    return Stretch(mark.since, mark.until, mark.kind, told)


def _clock(instant: datetime, patient: Patient) -> str:
    return f"{instant.astimezone(patient.zone):%H:%M}"
