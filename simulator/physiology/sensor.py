"""What a sensor under the skin makes of the glucose it lies in.

Its error has the form of Facchinetti et al. 2014 (doi 10.1109/TBME.2013.2284023): a gain and an offset that drift over
its life, noise of its own and noise that comes from the tissue, both autoregressive of order 2. The noise is that of a
Dexcom G6, Vettoretti et al. 2019 (doi 10.1109/EMBC.2019.8856790). The lag is part of the body. Drop-outs, warm-up and
compression lows (Baysal et al. 2014, doi 10.1177/1932296814534364) are ours in number and length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.physiology.habits import STEP_MINUTES, STEPS_A_DAY
from simulator.physiology.people import Floats, Person

LOWEST, HIGHEST = 40, 400
LOW_CODE, HIGH_CODE = LOWEST - 1, HIGHEST + 1
LIFE_DAYS, WARM_UP_STEPS = 10, 2 * 60 // STEP_MINUTES

# Coefficients and variance of what comes new at each step.
_OWN_NOISE, _TISSUE_NOISE = (1.22, -0.331, 3.641), (1.34, -0.492, 5.538)
_GAIN_SPREAD, _OFFSET_SPREAD, _DRIFT_A_DAY = 0.055, 4.0, 0.003
_DROPS_OUT, _COMPRESSED = 0.30, 0.12


@dataclass(frozen=True, slots=True)
class Signal:
    """(steps, people): mg/dL before the sensor's limits, and whether it shows anything at all."""

    levels: Floats
    is_shown: NDArray[np.bool_]

    def shown(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Whole mg/dL, 39 and 401 beyond the limits, and -1, 0, 1 for below, within, above."""
        values = np.rint(self.levels).astype(np.int64)
        flags = np.where(values < LOWEST, -1, np.where(values > HIGHEST, 1, 0))
        return np.clip(values, LOW_CODE, HIGH_CODE), flags


def measure(people: Sequence[Person], tissue: Floats, *, first_days: Sequence[int] | int = 0) -> Signal:
    """``tissue``: whole days from midnight on, one column for each person."""
    firsts = [first_days] * len(people) if isinstance(first_days, int) else first_days
    days = len(tissue) // STEPS_A_DAY
    levels, is_shown = np.empty_like(tissue), np.empty(tissue.shape, dtype=np.bool_)
    for place, (person, first) in enumerate(zip(people, firsts, strict=True)):
        levels[:, place], is_shown[:, place] = _worn(person, tissue[:, place], first, days)
    noise = np.stack([_innovations(person, first - 1, days + 1) for person, first in zip(people, firsts, strict=True)])
    # A day before is enough to forget where the noise began, so that days fit together however they are cut.
    levels += _autoregressive(noise[:, 0].T, _OWN_NOISE)[STEPS_A_DAY:]
    levels += _autoregressive(noise[:, 1].T, _TISSUE_NOISE)[STEPS_A_DAY:]
    return Signal(levels, is_shown)


def _worn(person: Person, tissue: Floats, first: int, days: int) -> tuple[Floats, NDArray[np.bool_]]:
    steps = np.arange(first * STEPS_A_DAY, (first + days) * STEPS_A_DAY)
    changed = (
        int(person.chance(6).integers(7 * 12, 22 * 12)) + int(person.chance(6, 1).integers(LIFE_DAYS)) * STEPS_A_DAY
    )
    life, age = np.divmod(steps - changed, LIFE_DAYS * STEPS_A_DAY)
    gain, offset = np.empty(len(steps)), np.empty(len(steps))
    for number in np.unique(life).tolist():
        z = person.chance(7, number + 1_000_000).standard_normal(3)
        worn = life == number
        gain[worn] = 1 + _GAIN_SPREAD * z[0] + _DRIFT_A_DAY * z[2] * age[worn] / STEPS_A_DAY
        offset[worn] = _OFFSET_SPREAD * z[1]
    is_shown = age >= WARM_UP_STEPS
    pressed = np.ones(len(steps))
    for day in range(first - 1, first + days):
        _troubles(person, day, (day - first) * STEPS_A_DAY, is_shown, pressed)
    return (tissue * gain + offset) * pressed, is_shown


def _troubles(person: Person, day: int, begin: int, is_shown: NDArray[np.bool_], pressed: Floats) -> None:
    u = person.chance(8, day + 1_000_000).random(6)
    if u[0] < _DROPS_OUT:
        _fill(is_shown, begin + int(u[1] * STEPS_A_DAY), 4 + int(20 * u[2]), False)
    if u[3] < _COMPRESSED:
        length = 6 + int(8 * u[5])
        # Asleep on the sensor: down within minutes, back within minutes.
        shape = 1 - (0.12 + 0.25 * u[2]) * np.sin(np.linspace(0, np.pi, length + 2)[1:-1])
        _fill(pressed, begin + int((0.5 + 4.5 * u[4]) * 60 / STEP_MINUTES), length, shape)


def _fill(target: NDArray[np.generic], begin: int, length: int, values: object) -> None:
    first, last = max(begin, 0), min(begin + length, len(target))
    if first < last:
        part = values[first - begin : last - begin] if isinstance(values, np.ndarray) else values
        target[first:last] = part  # type: ignore[assignment]


def _innovations(person: Person, first: int, days: int) -> Floats:
    drawn = [person.chance(9, day + 1_000_000).standard_normal((2, STEPS_A_DAY)) for day in range(first, first + days)]
    return np.concatenate(drawn, axis=1)


def _autoregressive(innovations: Floats, coefficients: tuple[float, float, float]) -> Floats:
    first, second, variance = coefficients
    noise: Floats = np.sqrt(variance) * innovations
    for step in range(2, len(noise)):
        noise[step] += first * noise[step - 1] + second * noise[step - 2]
    return noise
