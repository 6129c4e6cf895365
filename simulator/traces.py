"""Plausible glucose of a virtual patient: a daily rhythm, meals, lows, slow drift, sensor noise and gaps.

Everything of a day is drawn from (seed, day) alone, so any span can be made again, in any pieces, and fits together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

DAY = 86_400
HOUR = 3_600
STEP = 300
LONGEST_EFFECT_DAYS = 1
LOWEST, HIGHEST = 40, 400
COUNTERED, FLOOR = 70, 30

Seconds = NDArray[np.int64]
Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Profile:
    """``level`` is the mean between meals and ``meal`` the mean rise after one, both in mg/dL.

    ``lows`` is how many spells below target a day has on average; ``utc_offset`` (h) places the meals in the day.
    """

    seed: int
    level: float
    meal: float = 55.0
    drift: float = 12.0
    lows: float = 0.15
    utc_offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Trace:
    """``seconds`` since 1970, and the level at each: mg/dL, not yet cut to what a sensor can show."""

    seconds: Seconds
    levels: Levels

    def readings(self) -> Iterator[tuple[datetime, int, int]]:
        """Instant, value and flag; beyond a sensor's range the value is the code 39 or 401 and the flag -1 or 1."""
        for second, level in zip(self.seconds.tolist(), np.rint(self.levels).astype(int).tolist(), strict=True):
            flag = -1 if level < LOWEST else 1 if level > HIGHEST else 0
            value = {-1: LOWEST - 1, 0: level, 1: HIGHEST + 1}[flag]
            yield datetime.fromtimestamp(second, tz=UTC), value, flag


def trace(profile: Profile, since: datetime, until: datetime, *, step: int = STEP) -> Trace:
    """A reading every ``step`` seconds from ``since`` on and before ``until``, without those that fall into gaps."""
    phase = profile.seed * 37 % step
    first = -(-(int(since.timestamp()) - phase) // step) * step + phase
    seconds = np.arange(first, int(np.ceil(until.timestamp())), step, dtype=np.int64)
    kept = seconds[~in_gap(profile, seconds)]
    return Trace(kept, levels_at(profile, kept))


def levels_at(profile: Profile, seconds: Seconds) -> Levels:
    if seconds.size == 0:
        return np.zeros(0)
    days = range(int(seconds[0]) // DAY - LONGEST_EFFECT_DAYS, int(seconds[-1]) // DAY + 2)
    level = profile.level + _rhythm(profile, seconds) + _drift(profile, seconds, days) + _noise(profile, seconds)
    for at, rise, width in _events(profile, days):
        level += rise * _pulse(np.asarray((seconds - at) / width, dtype=np.float64))
    # The body answers a low, so that it falls more slowly the deeper it is.
    countered = FLOOR + (COUNTERED - FLOOR) * np.exp(np.minimum(level - COUNTERED, 0) / (COUNTERED - FLOOR))
    return np.where(level < COUNTERED, countered, level)


def in_gap(profile: Profile, seconds: Seconds) -> NDArray[np.bool_]:
    """Sensor changes, lost radio contact: about every third day, for 20 minutes to 2 hours."""
    hidden = np.zeros(seconds.shape, dtype=np.bool_)
    if seconds.size == 0:
        return hidden
    for day in range(int(seconds[0]) // DAY - 1, int(seconds[-1]) // DAY + 1):
        chance = _chance(profile, day, 3)
        if chance.random() < 0.35:
            start = day * DAY + chance.integers(0, DAY)
            hidden |= (seconds >= start) & (seconds < start + chance.integers(1_200, 7_200))
    return hidden


def _rhythm(profile: Profile, seconds: Seconds) -> Levels:
    """The rise before dawn and a lower afternoon."""
    hour = (seconds / HOUR + profile.utc_offset) % 24
    return np.asarray(8 * np.exp(-(((hour - 6.5) / 2.2) ** 2)) - 5 * np.cos((hour - 3) / 24 * 2 * np.pi))


def _drift(profile: Profile, seconds: Seconds, days: range) -> Levels:
    """Slow change between hourly points, tied together across midnight because each day brings its own points."""
    points = np.concatenate([_chance(profile, day, 1).normal(0, profile.drift, 24) for day in days])
    return np.asarray(np.interp(seconds, np.arange(days.start * 24, days.stop * 24) * HOUR, points), dtype=np.float64)


def _noise(profile: Profile, seconds: Seconds) -> Levels:
    """A sensor's own error at each minute; the same whenever that minute is asked for."""
    minutes = seconds // 60
    mixed = (minutes * 2_654_435_761 + profile.seed * 40_503) % 4_294_967_291
    return np.asarray(3 * np.sin(mixed / 4_294_967_291 * 2 * np.pi))


def _events(profile: Profile, days: range) -> Iterator[tuple[float, float, float]]:
    """Meals and lows as (beginning, rise, width in seconds); a low is a negative rise."""
    for day in days:
        chance = _chance(profile, day, 2)
        midnight = day * DAY - profile.utc_offset * HOUR
        for hour, share in ((7.4, 0.9), (12.6, 1.0), (18.9, 1.2), (15.5, 0.4)):
            at = midnight + chance.normal(hour, 0.5) * HOUR
            yield at, profile.meal * share * chance.lognormal(0, 0.35), chance.normal(4_000, 500)
        for _ in range(chance.poisson(profile.lows)):
            depth = profile.level - chance.normal(62, 8)
            yield midnight + chance.uniform(0, 24) * HOUR, -max(depth, 30.0), chance.normal(4_000, 400)


def _pulse(time: Levels) -> Levels:
    """Begins gently, rises fast and falls slowly; its peak is 1 where ``time`` is 1."""
    after = np.maximum(time, 0)
    return np.asarray((after * np.exp(1 - after)) ** 2)


def _chance(profile: Profile, day: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([profile.seed, day, purpose])
