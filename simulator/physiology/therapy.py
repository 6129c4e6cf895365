"""What people do when they see their glucose: boluses with a correction, sugar against a low."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.physiology.bodies import PMOL_PER_UNIT
from simulator.physiology.equations import Model
from simulator.physiology.people import Floats, Kind, Person, column

TARGET, CORRECTED_ABOVE, NO_BOLUS_BELOW = 125.0, 200.0, 75.0
LOW, VERY_LOW = 68.0, 54.0
SUGAR_GRAMS, REPEATED_AFTER_STEPS = 15.0, 3
# How likely a low is noticed within a step of 5 minutes: awake, asleep, and asleep when it is very low.
NOTICED, NOTICED_ASLEEP, WAKES_UP = 0.22, 0.04, 0.15


class Therapy:
    """Settings as somebody found them for each body, a little wrong, and what follows from them step by step."""

    def __init__(self, people: Sequence[Person], model: Model) -> None:
        bodies = model.bodies
        wrong = np.stack([person.chance(5).standard_normal(3) for person in people])
        burden = column([person.burden for person in people])
        spread = 0.5 + 0.5 * burden
        # Who struggles tends to inject too little.
        self._ratio = bodies.grams_a_unit * np.exp(0.12 * spread * wrong[:, 0] + 0.10 * (burden - 1))
        self._factor = bodies.fall_a_unit * np.exp(0.15 * spread * wrong[:, 1])
        self._basal = np.exp(0.10 * spread * wrong[:, 2] - 0.04 * (burden - 1))
        self._target = TARGET * column([person.level for person in people])
        self._injects = bodies.injects == 1
        self._basal *= np.where(self._injects, bodies.basal_need, 0.0)
        self._treats = column([float(person.kind is not Kind.HEALTHY) for person in people]) == 1
        self._since_sugar = np.full(len(people), 100)
        self._model = model

    def basal(self, error: Floats) -> Floats:
        """pmol/kg/min."""
        return np.asarray(self._basal * error)

    def bolus(self, seen: Floats, counted: Floats, checks: Floats) -> Floats:
        """pmol/kg injected now."""
        on_board = np.maximum(self._model.insulin_on_board, 0) * self._model.bodies.weight / PMOL_PER_UNIT
        correction = (seen - self._target) / self._factor
        # A bolus calculator counts what is still on its way against a correction, not against a meal.
        correction = np.where(correction > 0, np.maximum(correction - on_board, 0), correction)
        eats = (counted > 0) & (seen > NO_BOLUS_BELOW)
        corrects = (checks > 0) & (seen > CORRECTED_ABOVE)
        units = np.where(eats, np.maximum(counted / self._ratio + correction, 0), np.where(corrects, correction, 0))
        return np.where(self._injects, units * PMOL_PER_UNIT / self._model.bodies.weight, 0.0)

    def sugar(self, seen: Floats, awake: Floats, attention: Floats) -> Floats:
        """Grams taken against a low now."""
        self._since_sugar += 1
        likely = np.where(awake > 0, NOTICED, np.where(seen < VERY_LOW, WAKES_UP, NOTICED_ASLEEP))
        takes = self._treats & (seen < LOW) & (attention < likely) & (self._since_sugar > REPEATED_AFTER_STEPS)
        self._since_sugar = np.where(takes, 0, self._since_sugar)
        return np.where(takes, SUGAR_GRAMS + 10 * attention / likely, 0.0)


class Exercise:
    """Uptake rises at once with the heart rate, and sensitivity for hours with the work done.

    Breton 2008 (doi 10.1177/193229680800200114) and Dalla Man 2009 (doi 10.1177/193229680900300107): onset 5 min,
    beta 0.01 for each beat a minute, alpha 3e-4 for the work. Its after-effect fades over 10 hours in the former.
    """

    ONSET, FADES, BETA, ALPHA, MOST = 5.0, 600.0, 0.01, 3e-4, 0.9

    def __init__(self, number: int, minutes: float) -> None:
        self._minutes = minutes
        self._felt, self._work = np.zeros(number), np.zeros(number)

    def step(self, effort: Floats) -> tuple[Floats, Floats]:
        """Factors on the uptake without and with insulin."""
        self._felt += (effort - self._felt) * (1 - np.exp(-self._minutes / self.ONSET))
        self._work += self._felt * self._minutes - self._work * (1 - np.exp(-self._minutes / self.FADES))
        return 1 + self.BETA * self._felt, 1 + np.minimum(self.ALPHA * self._work, self.MOST)
