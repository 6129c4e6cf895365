from __future__ import annotations

import numpy as np
import pytest

from simulator.vitals import SIGNS, UNITS, Phase, Walk, in_phase, phase_of
from vitals.catalogue import BY_NAME


def test_a_walk_goes_small_steps_within_its_limits():
    walk = Walk(3)
    made = [walk.next() for _ in range(2000)]

    for sign in SIGNS:
        values = np.array([values[sign.name] for values in made])
        assert abs(values[0] - sign.start) <= sign.step
        # Pressures keep a distance, and all are rounded.
        assert np.abs(np.diff(values)).max() <= 2 * sign.step + 1
        assert sign.low - 15 <= values.min() < values.max() <= sign.high
    assert all(values["bp_systolic"] - values["bp_diastolic"] >= 15 for values in made)
    again = Walk(3)
    assert [again.next() for _ in range(5)] == made[:5]


def test_units_are_those_of_the_catalogue():
    pressures = {"bp_systolic", "bp_diastolic"}
    for name, unit in UNITS.items():
        assert BY_NAME["blood_pressure" if name in pressures else name].unit == unit


@pytest.mark.parametrize(
    ("people", "seconds", "warning", "critical"),
    [(10, 0, 0, 0), (10, 4.9, 0, 0), (10, 5, 3, 0), (10, 10, 3, 2), (10, 600, 3, 2), (2, 10, 1, 1), (1, 10, 0, 1)],
)
def test_a_part_of_the_people_is_in_warning_and_another_critical(
    people: int, seconds: float, warning: int, critical: int
):
    phases = [phase_of(place, people, seconds) for place in range(people)]

    assert (phases.count(Phase.WARNING), phases.count(Phase.CRITICAL)) == (warning, critical)


def test_phases_are_told_apart_by_every_sign():
    chance = np.random.default_rng(1)
    made = {phase: [in_phase(phase, chance) for _ in range(200)] for phase in Phase}

    for sign in SIGNS:
        stable, warning, critical = ({values[sign.name] for values in made[phase]} for phase in Phase)
        assert not stable & warning | stable & critical | warning & critical
        limits = min(min(stable), max(stable)), max(stable)
        assert all(value < limits[0] or value > limits[1] for value in warning | critical)
    assert {values["heart_rate"] for values in made[Phase.CRITICAL]} <= {40, 41, 42, 43, 44, 45, *range(125, 131)}
