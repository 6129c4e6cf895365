from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.compression import is_in_possible_dip, possible_dips

BERLIN = ZoneInfo("Europe/Berlin")
# 00:00 on the wall.
MIDNIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)
LEVEL = [110, 111, 110, 109, 110, 111, 110]


@dataclass(frozen=True)
class Point:
    measured_at: datetime
    glucose: float


def trace(*values: float, start: datetime = MIDNIGHT, every: float = 5) -> list[Point]:
    return [Point(start + timedelta(minutes=every * place), value) for place, value in enumerate(values)]


def minutes(readings: list[Point]) -> list[tuple[float, float, float]]:
    return [
        ((dip.started_at - MIDNIGHT).total_seconds() / 60, (dip.ended_at - MIDNIGHT).total_seconds() / 60, dip.lowest)
        for dip in possible_dips(readings, BERLIN)
    ]


def test_a_sudden_dip_out_of_a_level_night_that_is_over_as_suddenly():
    assert minutes(trace(*LEVEL, 80, 54, 60, 88, 100, 108, 109)) == [(30, 55, 54)]


def test_each_dip_of_a_night():
    once = [*LEVEL, 80, 60, 104]
    assert [lowest for _, _, lowest in minutes(trace(*once, *LEVEL, 78, 58, 106))] == [60, 58]


@pytest.mark.parametrize(
    ("lowest", "last", "found"),
    [
        pytest.param(79, 95, True, id="79, and back to 15 below"),
        pytest.param(80, 95, False, id="never below 80"),
        pytest.param(79, 94, False, id="16 below, and no more readings"),
        pytest.param(79, 125, True, id="15 above"),
        pytest.param(79, 127, False, id="far above: that was treated"),
    ],
)
def test_how_low_and_how_far_back(lowest, last, found):
    assert bool(minutes(trace(*[110] * 7, 84, lowest, last))) is found


@pytest.mark.parametrize(("fall", "found"), [([101, 93, 85], True), ([102, 94, 86], False)])
def test_25_within_a_quarter_of_an_hour(fall, found):
    assert bool(minutes(trace(*[110] * 7, *fall, 79, 110))) is found


@pytest.mark.parametrize(("low_readings", "found"), [(10, True), (11, False)])
def test_back_within_the_hour(low_readings, found):
    """The last reading of the level trace, one on the way down, the low ones, and the one that is back."""
    assert bool(minutes(trace(*[110] * 7, 70, *[60] * low_readings, 110))) is found


@pytest.mark.parametrize(
    ("before", "found"),
    [
        pytest.param([104, 105, 106, 107, 108, 109, 110], True, id="rising by 0.2"),
        pytest.param([140, 135, 130, 125, 120, 115, 110], False, id="falling by 1"),
        pytest.param([140, 140, 140, 140, 140, 140, 110], False, id="the fall's first reading"),
        pytest.param([110, 110, 110, 110], False, id="15 minutes only"),
        pytest.param([110, 110, 110, 110, 110], True, id="20 minutes"),
    ],
)
def test_out_of_a_level_trace(before, found):
    assert bool(minutes(trace(*before, 70, 60, 110))) is found


def test_not_across_a_gap():
    before = [Point(MIDNIGHT + timedelta(minutes=at), 110) for at in (0, 5, 10, 30)]
    after = trace(70, 60, 110, start=MIDNIGHT + timedelta(minutes=35))
    assert minutes([*before, *after]) == []


@pytest.mark.parametrize(("clock", "found"), [("22:00", True), ("21:59", False), ("07:59", True), ("08:10", False)])
def test_by_night_on_the_patients_wall(clock, found):
    hour, minute = (int(part) for part in clock.split(":"))
    last = datetime(2026, 7, 1, hour, minute, tzinfo=BERLIN).astimezone(UTC)
    readings = trace(*[110] * 7, 70, 60, 110, start=last - timedelta(minutes=30))
    assert bool(possible_dips(readings, BERLIN)) is found


def test_while_it_lasts_it_may_be_one():
    going_on = trace(*LEVEL, 80, 54)
    assert is_in_possible_dip(going_on, BERLIN)
    assert possible_dips(going_on, BERLIN) == []
    assert not is_in_possible_dip(going_on[:-1], BERLIN), "80 is not below 80"
    assert not is_in_possible_dip(trace(*LEVEL, 80, 54, 98), BERLIN), "it is over"
    assert not is_in_possible_dip(trace(*LEVEL, 80, 54, start=MIDNIGHT + timedelta(hours=12)), BERLIN)
    assert not is_in_possible_dip(trace(*[140, 130, 120, 110, 100, 90, 80, 70, 60]), BERLIN)
    assert not is_in_possible_dip([], BERLIN)


def test_what_lasts_longer_than_an_hour_is_none():
    assert is_in_possible_dip(trace(*LEVEL, 70, *[60] * 10), BERLIN)
    assert not is_in_possible_dip(trace(*LEVEL, 70, *[60] * 13), BERLIN)
