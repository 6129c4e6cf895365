"""Days of many people, in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.physiology.bodies import bodies_of
from simulator.physiology.equations import Model
from simulator.physiology.habits import STEP_MINUTES, STEPS_A_DAY, Plan, plan
from simulator.physiology.people import Floats, Person
from simulator.physiology.therapy import Exercise, Therapy

SUBSTEPS = 2


@dataclass(frozen=True, slots=True)
class Course:
    """(steps, people) each, every 5 minutes from midnight on: mg/dL in plasma and in tissue, grams, units, beats."""

    plasma: Floats
    tissue: Floats
    eaten: Floats
    injected: Floats
    effort: Floats


def simulate(people: Sequence[Person], *, days: int, first_days: Sequence[int] | int = 0) -> Course:
    """From the basal state at midnight of each person's first day. The same people and days give the same course."""
    firsts = [first_days] * len(people) if isinstance(first_days, int) else first_days
    return follow(people, plan(people, firsts, days))


def follow(people: Sequence[Person], plans: Plan, *, substeps: int = SUBSTEPS) -> Course:
    model = Model(bodies_of(people), step_minutes=STEP_MINUTES / substeps)
    therapy, exercise = Therapy(people, model), Exercise(len(people), STEP_MINUTES)
    steps = len(plans.grams)
    plasma, tissue, eaten, injected = (np.empty((steps, len(people))) for _ in range(4))
    for step in range(steps):
        seen = model.seen
        plasma[step], tissue[step] = model.glucose, seen
        bolus = therapy.bolus(seen, plans.counted[step], plans.checks[step])
        sugar = therapy.sugar(seen, plans.awake[step], plans.attention[step])
        eaten[step] = plans.grams[step] + sugar
        injected[step] = bolus
        model.inject(bolus)
        model.eat(1000 * plans.grams[step], sugar=1000 * sugar)
        model.infusion = therapy.basal(plans.basal_error[step])
        model.sensitivity = plans.sensitivity[step]
        model.uptake, model.insulin_uptake = exercise.step(plans.effort[step])
        model.advance(substeps)
    return Course(plasma, tissue, eaten, injected, plans.effort)


__all__ = ["STEPS_A_DAY", "STEP_MINUTES", "Course", "follow", "simulate"]
