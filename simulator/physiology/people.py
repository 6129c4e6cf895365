"""Who is simulated."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Kind(enum.Enum):
    TYPE_1 = "type 1"
    TYPE_2 = "type 2"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Person:
    """Everything of a person follows from ``seed``, so that it can be made again.

    ``burden``: how often therapy goes wrong (boluses missed or late, carbohydrates misjudged, meals large): 1 is what
    cohorts show, 0.3 a careful person, 2 one who struggles. ``eats``: carbohydrates, 1 is usual for the weight.
    ``level``: of the glucose that body and therapy tend to, 1 is usual for the kind.
    """

    seed: int
    kind: Kind = Kind.TYPE_1
    burden: float = 1.0
    eats: float = 1.0
    level: float = 1.0

    def chance(self, purpose: int, number: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose, number])


# Without insulin to misjudge, days of a person differ less.
_USUAL = {Kind.TYPE_1: (1.4, 1.0), Kind.TYPE_2: (0.6, 0.9), Kind.HEALTHY: (0.4, 0.8)}


def cohort(number: int, *, seed: int = 1, kind: Kind = Kind.TYPE_1) -> list[Person]:
    """People who cope differently well, as those of a clinic do."""
    burden, eats = _USUAL[kind]
    burdens = np.clip(burden * np.random.default_rng([seed, number]).lognormal(0, 0.4, number), 0.3, 2.5)
    return [Person(seed * 1_000_003 + place, kind, float(each), eats) for place, each in enumerate(burdens)]


def column(values: Sequence[float]) -> Floats:
    return np.asarray(values, dtype=np.float64)
