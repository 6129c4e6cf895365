"""The equations by themselves: what goes in comes out, and nothing moves where nothing pushes."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.physiology import STEP_MINUTES, Kind, cohort
from simulator.physiology.bodies import ABSORBED, bodies_of
from simulator.physiology.equations import FOLLOWERS, GP, GT, GUT, LIQUID, SOLID, Model
from simulator.physiology.habits import plan
from simulator.physiology.simulation import SUBSTEPS, follow

EVERYBODY = [person for kind in Kind for person in cohort(20, kind=kind)]


def model(people=EVERYBODY, substeps: int = SUBSTEPS) -> Model:
    return Model(bodies_of(people), step_minutes=STEP_MINUTES / substeps)


def test_the_basal_rate_holds_the_basal_state_for_a_day():
    bodies = model()
    before, insulin = bodies.glucose, bodies.insulin.copy()

    bodies.advance(24 * 60 // STEP_MINUTES * SUBSTEPS)

    assert np.allclose(bodies.glucose, before, atol=0.05)
    assert np.allclose(bodies.insulin, insulin, rtol=1e-6)


def test_without_its_insulin_a_body_of_type_1_rises_and_the_kidneys_hold_it_at_last():
    bodies = model(cohort(20))
    bodies.infusion = np.zeros(20)
    start = bodies.glucose

    levels = []
    for _ in range(48 * 12):
        bodies.advance(SUBSTEPS)
        levels.append(bodies.glucose)

    assert (levels[6 * 12] > start + 20).all()
    assert (levels[-1] < 1500).all(), "lost with the urine"
    assert (levels[-1] - levels[-12] < levels[12 * 6] - levels[12 * 5]).all()


def test_what_is_eaten_is_in_the_body_or_absorbed():
    bodies = model()
    eaten, sugar = np.full(len(EVERYBODY), 60_000.0), np.full(len(EVERYBODY), 5_000.0)
    bodies.eat(eaten, sugar=sugar)
    absorbed = np.zeros(len(EVERYBODY))
    for _ in range(24 * 12):
        before = bodies.state[GUT].copy()
        bodies.advance(SUBSTEPS)
        absorbed += bodies.bodies.kabs * (before + bodies.state[GUT]) / 2 * STEP_MINUTES

    left = bodies.state[SOLID] + bodies.state[LIQUID] + bodies.state[GUT]
    assert np.allclose(absorbed + left, eaten + sugar, rtol=0.02)
    assert (left < 0.02 * eaten).all()


def test_glucose_in_the_body_is_what_came_in_less_what_left():
    bodies = model(cohort(30))
    bodies.eat(np.full(30, 50_000.0), sugar=np.zeros(30))
    x, b = bodies.state, bodies.bodies
    # One step by hand: production, absorption, the brain, uptake and kidneys change the sum of both pools.
    bodies._hold()
    allowed, caused = bodies._drives(bodies.insulin)
    came = np.maximum(allowed - b.kp2 * x[GP], 0) + ABSORBED * b.kabs * x[GUT] / b.weight
    left = 1 + caused * x[GT] / (b.km0 + x[GT]) + np.maximum(b.ke1 * (x[GP] - b.ke2), 0)
    slopes = bodies._slopes(x[:FOLLOWERS], allowed, caused)

    assert np.allclose(slopes[GP] + slopes[GT], came - left)


def test_a_unit_lowers_and_carbohydrates_raise_about_as_the_settings_say():
    bodies = model(cohort(100))
    start = bodies.glucose
    bodies.inject(6000 / bodies.bodies.weight)
    bodies.eat(1000 * bodies.bodies.grams_a_unit, sugar=np.zeros(100))
    bodies.advance(8 * 12 * SUBSTEPS)

    assert np.median(np.abs(bodies.glucose - start)) < 10
    assert np.abs(bodies.glucose - start).max() < 30


def test_twice_as_many_steps_change_little():
    people = cohort(40, kind=Kind.TYPE_2)
    day = plan(people, [0] * 40, 1)

    usual, fine = (follow(people, day, substeps=number).plasma for number in (SUBSTEPS, 10))

    assert np.abs(usual - fine).max() < 5
    assert np.sqrt(np.mean((usual - fine) ** 2)) < 0.5


def test_a_low_is_answered_by_the_body():
    bodies = model(cohort(50))
    answering = model(cohort(50))
    for each in (bodies, answering):
        each.inject(4 * 6000 / each.bodies.weight)
    for _ in range(3 * 12):
        bodies.state[5:7] = 0
        bodies.advance(SUBSTEPS)
        answering.advance(SUBSTEPS)

    low = bodies.glucose < 50
    assert low.sum() > 10
    assert (answering.glucose[low] > bodies.glucose[low] + 3).all()


@pytest.mark.parametrize("kind", list(Kind))
def test_every_drawn_body_can_live(kind: Kind):
    bodies = bodies_of(cohort(2000, kind=kind))

    assert (bodies.basal_tissue > 10).all()
    assert (bodies.basal_need > 0).all()
    assert (bodies.vm0 > 0).all()
    assert (bodies.kp1 > bodies.basal_production).all()
