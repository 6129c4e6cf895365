"""The patient's alarms below the glucose, and the statistics."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from alerts.models import Episode, EpisodeEvent, LateReadings
from alerts.statistics import alarms_by_hour
from alerts.timeline import MarkKind
from readings.models import DaySummary
from readings.summaries import summarise_dirty_days
from reports.alarm_statistics_page import span_words
from reports.charts.episodes import Bar, Stretch, thinned, timeline_chart
from reports.charts.frame import NARROW, WIDE
from reports.charts.ranges import Target
from reports.charts.trace import Point, Window
from tenancy.managers import audited_elsewhere
from tests.clinic_alarms import add_episode
from tests.clinics import Clinic

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
DAY = Window(NOW - timedelta(hours=24), NOW, ZoneInfo("Europe/Berlin"))


def chart(points: list[Point], bars: list[Bar], stretches: list[Stretch] = [], window: Window = DAY) -> str:  # noqa: B006
    return str(
        timeline_chart(
            "alarms", points, bars, stretches, window, unit="mg/dL", target=Target(), gap=timedelta(minutes=20),
            size=WIDE, title="Glucose", description="",
        )
    )  # fmt: skip


def bar(begin: float, end: float | None, severity: str = "high", word: str = "Low") -> Bar:
    ends_at = None if end is None else NOW - timedelta(hours=end)
    return Bar(NOW - timedelta(hours=begin), ends_at, severity, word, f"{severity}: {word}", f"/admin/alarms/{begin}/")


def bars_of(svg: str) -> list[tuple[float, float, float]]:
    found = re.findall(r'class="episode-bar[^"]*" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', svg)
    return [(float(x), float(y), float(width)) for x, y, width in found]


def clear(clinic: Clinic) -> None:
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Episode.objects.all().update(state=Episode.State.DISMISSED, confirmed_at=None)


def alarms_at(clinic: Clinic, **changes: Any) -> Episode:
    with clinic.scope(), transaction.atomic():
        return add_episode(clinic.patients[0], **changes)


def test_bars_that_touch_stand_in_lanes_of_their_own() -> None:
    found = bars_of(chart([], [bar(10, 6), bar(9, 8), bar(2, None, "critical")]))
    assert [y for _, y, _ in found] == [383, 403, 383]
    assert found[0][2] > found[1][2]
    assert 'class="episode-bar severity-critical is-open"' in chart([], [bar(2, None, "critical")])


def test_what_begins_before_or_is_short_is_drawn_inside() -> None:
    ((x, _, width), (_, _, shortest)) = bars_of(chart([], [bar(40, 23), bar(5, 4.999)]))
    assert x == 52
    assert width == pytest.approx(900 / 24, abs=0.2)
    assert shortest == 7


def test_words_are_escaped_and_link_to_the_alarm() -> None:
    svg = chart([], [bar(3, 2, word="<b>")])
    assert "<b>" not in svg
    assert 'href="/admin/alarms/3/"' in svg


def test_late_readings_and_copies_are_marked_beside_the_alarms() -> None:
    late = Stretch(NOW - timedelta(hours=9), NOW - timedelta(hours=8), MarkKind.LATE, "12 readings came late")
    copy = Stretch(NOW - timedelta(hours=3), NOW - timedelta(hours=3), MarkKind.COPIES, "4 copies")
    dip = Stretch(NOW - timedelta(hours=6), NOW - timedelta(hours=5), MarkKind.COMPRESSION, "Down to 54 mg/dL")
    svg = chart([], [bar(3, 2)], [late, copy, dip])
    assert svg.count("late-bar") == svg.count("copy-mark") == svg.count("dip-bar") == 1
    assert "12 readings came late" in svg


def test_no_low_is_lost_when_a_trace_is_thinned() -> None:
    points = [Point(DAY.since + timedelta(minutes=5 * number), 120 + number % 7) for number in range(288)]
    points[100] = Point(points[100].at, 48)
    points[200] = Point(points[200].at, 39, -1)
    points[201] = Point(points[201].at, 401, 1)
    kept = thinned(points, DAY, 40)
    assert len(kept) <= 80
    assert {points[100], points[200], points[201]} <= set(kept)
    assert kept == sorted(kept, key=lambda point: point.at)
    assert thinned(points, DAY, 200) == points


@pytest.mark.parametrize("days", [1, 3, 14])
def test_every_period_has_its_ticks(days: int) -> None:
    window = Window(NOW - timedelta(days=days), NOW, ZoneInfo("Europe/Berlin"))
    for size in (WIDE, NARROW):
        svg = str(
            timeline_chart(
                "alarms", [], [], [], window, unit="mmol/L", target=Target(), gap=timedelta(minutes=20), size=size,
                title="Glucose", description="",
            )
        )  # fmt: skip
        assert 3 <= svg.count('y="356"') + svg.count('y="316"') <= 12


def test_the_patients_page_shows_the_alarms_of_the_period(northside: Clinic, southside: Clinic) -> None:
    clear(northside)
    now = datetime.now(UTC)
    northside.store(70, 60, 52)
    new = alarms_at(northside, rule_name="New one")
    then = now - timedelta(days=2)
    old = {"opened_at": then, "confirmed_at": then, "ended_at": then + timedelta(hours=1), "state": "resolved"}
    alarms_at(northside, rule_name="Old one", rule_code="old", **old)
    alarms_at(southside, rule_name="Foreign one")
    with northside.scope(), transaction.atomic():
        patient = northside.patients[0]
        LateReadings.objects.create(patient=patient, count=7, first_at=now - timedelta(hours=5), last_at=now)
    client, path = northside.admin("viewer"), f"/admin/patients/patient/{northside.patients[0].pk}/"
    html = client.get(path).content.decode()
    assert f'href="/admin/alarms/{new.public_id}/">New one' in html
    assert "7 readings came late" in html
    assert "Old one" not in html
    assert "Foreign one" not in html
    assert "Old one" in client.get(path, {"alarms": "3d", "period": "14d"}).content.decode()
    clear(northside)
    assert "No alarms in this period." in client.get(path, {"alarms": "nonsense"}).content.decode()


def test_statistics_say_what_the_numbers_are(northside: Clinic) -> None:
    clear(northside)
    client = northside.admin("viewer")
    assert "No alarms in the last 30 days." in client.get("/admin/alarms/statistics/").content.decode()
    northside.store(100, 110)
    now = datetime.now(UTC)
    nurse = northside.people["nurse"]
    for minutes in (2, 4, 30):
        alarms_at(
            northside,
            rule_code="urgent_low" if minutes == 2 else f"low{minutes}",
            rule_name=f"Rule of {minutes}",
            acknowledged_at=now - timedelta(minutes=20 - minutes),
            acknowledged_by=nurse,
        )
    ended = alarms_at(northside, rule_code="x", severity="critical", state="resolved", ended_at=now)
    with northside.scope(), transaction.atomic():
        summarise_dirty_days()
        assert DaySummary.objects.count() >= 1
        for verdict in ("true", "false"):
            EpisodeEvent.objects.create(
                episode=ended, patient=northside.patients[0], kind="reviewed", at=now, actor_kind="person",
                actor_id="x", actor_name="Nurse", detail={"verdict": verdict},
            )  # fmt: skip
    html = client.get("/admin/alarms/statistics/", {"days": "7"}).content.decode()
    for expected in ("4 min", "3 of 4 were acknowledged", "100%", "of 1 reviewed", "Urgent low", "low30", "Critical"):
        assert expected in html, expected
    # The name of a patient's own rule is about that patient.
    assert "Rule of 30" not in html
    assert client.get("/admin/alarms/statistics/", {"days": "x"}).context["days"] == 30


def test_hours_are_those_of_the_clinics_clock(northside: Clinic) -> None:
    clear(northside)
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    alarms_at(northside, opened_at=at, confirmed_at=at)
    with northside.scope(), transaction.atomic():
        window = {"since": at - timedelta(days=1), "until": at + timedelta(days=1)}
        assert alarms_by_hour(**window, zone=ZoneInfo("Europe/Berlin")) == [1, *[0] * 23]
        assert alarms_by_hour(**window, zone=ZoneInfo("UTC"))[22] == 1


def test_spans_are_worded() -> None:
    spans = [None, timedelta(seconds=42), timedelta(minutes=3, seconds=40), timedelta(hours=3, minutes=5)]
    assert [span_words(span) for span in spans] == ["none yet", "42 s", "4 min", "3 h 05 min"]
