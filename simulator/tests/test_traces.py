from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from simulator.clinics import DEMO_CLINICS
from simulator.traces import Profile, levels_at, trace

UNTIL = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROFILES = [patient.profile for clinic in DEMO_CLINICS.values() for patient in clinic.patients]


def days(profile: Profile, number: int):
    return trace(profile, UNTIL - timedelta(days=number), UNTIL)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: str(profile.seed))
def test_a_demo_patients_glucose_is_plausible(profile: Profile):
    levels = days(profile, 14).levels

    assert 90 < levels.mean() < 300
    assert 0.1 < levels.std() / levels.mean() < 0.45
    assert levels.min() > 30
    assert levels.max() < 600
    within = np.diff(levels)[np.diff(days(profile, 14).seconds) == 300]
    assert np.abs(within).max() < 50, "no body changes faster than 10 mg/dL/min"


def test_some_days_have_gaps_and_most_readings_are_there():
    made = days(PROFILES[0], 14)

    assert np.diff(made.seconds).max() >= 1_200
    assert 0.9 < made.seconds.size / (14 * 288) < 1


def test_pieces_fit_together_whenever_they_are_made():
    whole = days(PROFILES[0], 4)
    last = days(PROFILES[0], 1)

    count = last.seconds.size
    assert np.array_equal(whole.seconds[-count:], last.seconds)
    assert np.allclose(whole.levels[-count:], last.levels)


def test_patients_differ():
    first, second = (levels_at(Profile(seed, 120), days(PROFILES[0], 1).seconds) for seed in (1, 2))

    assert np.abs(first - second).mean() > 3


def test_nothing_lies_outside_the_span_that_was_asked_for():
    since = UNTIL - timedelta(minutes=17)

    times = [time for time, _, _ in trace(PROFILES[0], since, UNTIL).readings()]

    assert times
    assert all(since <= time < UNTIL for time in times)
    assert list(trace(PROFILES[0], UNTIL, UNTIL).readings()) == []


def test_beyond_the_sensors_range_there_is_a_code_and_a_flag():
    low, high = (list(trace(Profile(1, level), UNTIL - timedelta(hours=1), UNTIL).readings()) for level in (-200, 700))

    assert {(value, flag) for _, value, flag in low} == {(39, -1)}
    assert {(value, flag) for _, value, flag in high} == {(401, 1)}
