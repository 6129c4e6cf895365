from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from simulator.physiology import Kind, Person, cohort
from simulator.traces import Trace, Traces, Wearer

UNTIL = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
WEARERS = [Wearer(person, BERLIN) for kind in Kind for person in cohort(4, kind=kind)]


def days(wearer: Wearer, number: float) -> Trace:
    return Traces().trace(wearer, UNTIL - timedelta(days=number), UNTIL)


def test_days_go_over_into_each_other():
    traces = Traces()
    traces.prepare(WEARERS, UNTIL - timedelta(days=10), UNTIL)
    for wearer in WEARERS:
        made = traces.trace(wearer, UNTIL - timedelta(days=10), UNTIL)
        near = np.diff(made.seconds) == 300
        midnight = near & ((made.seconds[:-1] - wearer.midnight(date(2026, 2, 20))) % 86_400 > 86_400 - 600)

        assert midnight.sum() > 5
        assert np.abs(np.diff(made.levels)[midnight]).max() < 30, "as at any other time"


def test_most_readings_are_there_and_some_are_not():
    made = days(WEARERS[0], 14)

    assert np.diff(made.seconds).max() >= 1_200
    assert 0.9 < made.seconds.size / (14 * 288) < 1


def test_pieces_fit_together_whenever_they_are_made():
    whole, last = days(WEARERS[0], 4), days(WEARERS[0], 0.8)

    count = last.seconds.size
    assert count > 100
    assert np.array_equal(whole.seconds[-count:], last.seconds)
    assert np.array_equal(whole.levels[-count:], last.levels)


def test_days_of_23_and_25_hours_are_whole():
    for begin, hours in ((datetime(2026, 3, 28, 23, tzinfo=UTC), 23), (datetime(2026, 10, 24, 22, tzinfo=UTC), 25)):
        wearer = Wearer(Person(5), BERLIN)
        made = Traces().trace(wearer, begin - timedelta(hours=6), begin + timedelta(hours=hours + 6))
        near = np.diff(made.seconds) == 300

        assert np.unique(made.seconds).size == made.seconds.size > 0.8 * (hours + 12) * 12
        assert np.abs(np.diff(made.levels)[near]).max() < 60


def test_nothing_lies_outside_the_span_that_was_asked_for():
    since = UNTIL - timedelta(minutes=17)

    times = [time for time, _, _ in Traces().trace(WEARERS[0], since, UNTIL).readings()]

    assert times
    assert all(since <= time < UNTIL for time in times)
    assert list(Traces().trace(WEARERS[0], UNTIL, UNTIL).readings()) == []


def test_beyond_the_sensors_range_there_is_a_code_and_a_flag():
    readings = Trace(np.array([0, 300, 600]), np.array([12.0, 120.4, 640.0])).readings()

    assert [(value, flag) for _, value, flag in readings] == [(39, -1), (120, 0), (401, 1)]
