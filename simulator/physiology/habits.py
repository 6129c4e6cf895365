"""What people eat, do and get wrong on each day. A day of a person is drawn from (seed, day) alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from simulator.physiology.people import Floats, Person, column

STEP_MINUTES = 5
STEPS_A_DAY = 24 * 60 // STEP_MINUTES

# Hour, grams for 75 kg, and how often on a day.
_MEALS = ((7.4, 48.0, 0.93), (12.7, 62.0, 0.97), (15.8, 18.0, 0.45), (18.9, 74.0, 0.98), (21.3, 20.0, 0.35))
_MISSED, _LATE = 0.14, 0.28
_EXERCISE_A_DAY = 0.3
_WAKES, _SLEEPS = 6.5, 22.8
# Visentin 2018: sensitivity over the day, at these hours.
_DAY_HOURS, _DAY_SENSITIVITY = (0.0, 4.0, 11.0, 17.0, 24.0), (1.0, 0.8, 0.9, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """(steps, people) each. ``grams`` are eaten, ``counted`` are what the bolus at that step is for."""

    grams: Floats
    counted: Floats
    checks: Floats  # 1 where the person looks at the sensor and corrects a high
    effort: Floats  # heart rate above rest, beats a minute
    awake: Floats
    attention: Floats  # uniform: whether a low is noticed
    sensitivity: Floats
    basal_error: Floats


class _Drawn(NamedTuple):
    """(people, numbers): what a day is made of."""

    uniform: Floats
    normal: Floats
    attention: Floats


def plan(people: Sequence[Person], first_days: Sequence[int], days: int) -> Plan:
    """``first_days``: the number of each person's first day; all have ``days`` of them."""
    habit = np.stack([person.chance(3).standard_normal(4) for person in people])
    # One more, for sensitivity is on its way from each day's to the next one's.
    drawn = [_draw(people, [first + day for first in first_days]) for day in range(days + 1)]
    pieces = [_day(people, today, tomorrow, habit) for today, tomorrow in pairwise(drawn)]
    return Plan(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in Plan.__slots__))


def _draw(people: Sequence[Person], days: Sequence[int]) -> _Drawn:
    drawn = _Drawn(*(np.empty((len(people), size)) for size in (64, 40, STEPS_A_DAY)))
    for place, (person, day) in enumerate(zip(people, days, strict=True)):
        # Days before the first one are negative, which no seed may be.
        chance = person.chance(2, day + 1_000_000)
        chance.random(out=drawn.uniform[place])
        chance.standard_normal(out=drawn.normal[place])
        chance.random(out=drawn.attention[place])
    return drawn


def _day(people: Sequence[Person], today: _Drawn, tomorrow: _Drawn, habit: Floats) -> Plan:
    number = len(people)
    burden, eats = column([person.burden for person in people]), column([person.eats for person in people])
    grams, counted = np.zeros((STEPS_A_DAY, number)), np.zeros((STEPS_A_DAY, number))
    _meals(grams, counted, today, habit, burden, eats)
    hours = np.arange(STEPS_A_DAY)[:, None] * STEP_MINUTES / 60
    shift = 0.6 * habit[:, 0] + 0.3 * today.normal[:, 39]
    varies = 0.2 * np.minimum(burden, 1.5)
    return Plan(
        grams=grams,
        counted=counted,
        checks=_checks(today.uniform, burden),
        effort=_effort(today),
        awake=((hours > _WAKES + shift) & (hours < _SLEEPS + shift)).astype(float),
        attention=today.attention.T,
        sensitivity=_sensitivity(varies * today.normal[:, 37], varies * tomorrow.normal[:, 37], habit, hours[:, 0]),
        basal_error=np.broadcast_to(1 + 0.06 * burden * today.normal[:, 38], grams.shape),
    )


def _meals(grams: Floats, counted: Floats, drawn: _Drawn, habit: Floats, burden: Floats, eats: Floats) -> None:
    places = np.arange(len(burden))
    for number, (hour, size, often) in enumerate(_MEALS):
        u, z = drawn.uniform[:, 6 * number : 6 * number + 6], drawn.normal[:, 4 * number : 4 * number + 4]
        at = _step(hour + 0.6 * habit[:, 0] + 0.45 * z[:, 0])
        eaten = (u[:, 0] < often) * size * eats * np.exp(0.1 * habit[:, 1] + 0.34 * z[:, 1])
        np.add.at(grams, (at, places), eaten)
        injected = u[:, 1] >= np.minimum(_MISSED * burden, 0.6)
        late = np.where(u[:, 2] < np.minimum(_LATE * burden, 0.7), 20 + 40 * u[:, 3], -10 + 12 * u[:, 3])
        counting = np.exp(0.28 * burden * z[:, 2] - 0.08 * burden)
        np.add.at(counted, (_step(at * STEP_MINUTES / 60 + late / 60), places), eaten * injected * counting)


def _checks(uniform: Floats, burden: Floats) -> Floats:
    flags = np.zeros((STEPS_A_DAY, len(burden)))
    for number, hour in enumerate((10.2, 15.2, 17.3, 22.0)):
        looks = uniform[:, 40 + 2 * number] < np.clip(0.75 - 0.25 * burden, 0.1, 0.7)
        flags[_step(hour + uniform[:, 41 + 2 * number]), np.arange(len(burden))] = looks
    return flags


def _effort(drawn: _Drawn) -> Floats:
    """Heart rate rises by 30 to 75 for 20 to 75 minutes, in the morning or after work."""
    uniform = drawn.uniform[:, 50:54]
    hour = np.where(uniform[:, 1] < 0.3, 9.5, 17.2) + 0.8 * drawn.normal[:, 30]
    last = hour + (20 + 55 * uniform[:, 2]) / 60
    hours = np.arange(STEPS_A_DAY)[:, None] * STEP_MINUTES / 60
    does = (hours >= hour) & (hours < last) & (uniform[:, 0] < _EXERCISE_A_DAY)
    return np.where(does, 30 + 45 * uniform[:, 3], 0.0)


def _sensitivity(today: Floats, tomorrow: Floats, habit: Floats, hours: Floats) -> Floats:
    """Of insulin: a course over the day (the dawn effect, stronger in some), and days that differ."""
    curve = np.interp(hours, _DAY_HOURS, _DAY_SENSITIVITY)[:, None]
    strength = np.clip(0.9 + 0.4 * habit[:, 2], 0.1, 1.8)
    share = (hours / 24)[:, None]
    return np.asarray((1 - strength * (1 - curve)) * np.exp((1 - share) * today + share * tomorrow))


def _step(hour: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.clip(np.rint(hour * 60 / STEP_MINUTES), 0, STEPS_A_DAY - 1).astype(np.int64)
