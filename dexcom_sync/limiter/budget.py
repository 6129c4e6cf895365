from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Lane(enum.StrEnum):
    """What a call is for, the most urgent first."""

    INTERACTIVE = "interactive"
    TOKEN = "token"  # noqa: S105
    HOT = "hot"
    SWEEP = "sweep"
    BACKFILL = "backfill"


# How much of the burst a lane may use up: what is left over is for those above it.
HEADROOM: Final[Mapping[Lane, float]] = {
    Lane.INTERACTIVE: 1.0,
    Lane.TOKEN: 0.95,
    Lane.HOT: 0.8,
    Lane.SWEEP: 0.6,
    Lane.BACKFILL: 0.4,
}
# The share of the rate that a lane gets even while those above it use up everything.
FLOORS: Final[Mapping[Lane, float]] = {Lane.TOKEN: 0.1, Lane.HOT: 0.2, Lane.SWEEP: 0.05, Lane.BACKFILL: 0.02}
BACKFILL_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Budget:
    """Dexcom refuses from 60,000 calls an hour. Any hour holds at most ``per_hour`` and ``burst`` calls.

    ``workers``: processes that call; while Valkey is away each keeps to its part of half the budget.
    """

    per_hour: int = 48_000
    burst: int = 200
    workers: int = 1

    def __post_init__(self) -> None:
        if self.per_hour < 1 or self.burst < 1 or self.workers < 1:
            raise ValueError("A budget has at least one call an hour, a burst of one, and one worker.")

    @property
    def microseconds_per_call(self) -> float:
        return 3_600_000_000 / self.per_hour

    def of_one_worker(self) -> Budget:
        part = 2 * self.workers
        return Budget(max(1, self.per_hour // part), max(1, self.burst // part))
