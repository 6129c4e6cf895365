from __future__ import annotations

import numpy as np

from simulator.physiology import STEPS_A_DAY, cohort, measure
from simulator.physiology.sensor import LIFE_DAYS, Signal

PEOPLE = cohort(40)
DAYS = 2 * LIFE_DAYS
FLAT = np.full((DAYS * STEPS_A_DAY, 40), 120.0)
SIGNAL = measure(PEOPLE, FLAT)


def test_its_error_is_that_of_a_sensor_and_belongs_together():
    error = SIGNAL.levels - 120

    assert 4 < np.abs(error).mean() / 1.2 < 14, "percent"
    one_step, an_hour = (np.corrcoef(error[:-lag].ravel(), error[lag:].ravel())[0, 1] for lag in (1, 12))
    assert one_step > 0.9
    assert an_hour < one_step - 0.1


def test_it_warms_up_once_in_its_life_and_drops_out_now_and_then():
    hidden = ~SIGNAL.is_shown
    starts = np.argwhere(np.diff(hidden.astype(int), axis=0) == 1)
    lengths = np.array([np.argmin(hidden[step + 1 :, person]) for step, person in starts])

    assert 0.01 < hidden.mean() < 0.05
    assert ((lengths >= 24).sum() / 40) >= 1, "two hours each warm-up"
    assert 0.15 < len(starts) / (40 * DAYS) - 0.1 < 0.45
    assert (lengths <= 24 + 24 * 3).all()


def test_lying_on_it_makes_lows_at_night_only():
    hour_before = SIGNAL.levels[:-6]
    dips = SIGNAL.levels[6:] < 0.75 * hour_before
    hours = (np.arange(len(FLAT)) % STEPS_A_DAY * 24 // STEPS_A_DAY)[6:]

    assert dips[hours < 7].mean() > 5 * dips[hours >= 7].mean()


def test_beyond_its_limits_it_shows_a_code():
    values, flags = Signal(np.array([[39.4, 39.6, 250.2, 400.4, 400.6, -20.0]]), np.ones((1, 6), bool)).shown()

    assert values.tolist() == [[39, 40, 250, 400, 401, 39]]
    assert flags.tolist() == [[-1, 0, 0, 0, 1, -1]]


def test_days_fit_together_however_they_are_cut():
    tail = measure(PEOPLE, FLAT[-2 * STEPS_A_DAY :], first_days=DAYS - 2)

    assert np.allclose(tail.levels, SIGNAL.levels[-2 * STEPS_A_DAY :])
    assert np.array_equal(tail.is_shown, SIGNAL.is_shown[-2 * STEPS_A_DAY :])
