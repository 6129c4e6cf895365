"""What a simulation is asked for, and what follows from it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

# A device may post one reading in 30 seconds, by the wall; what is faster goes in batches.
SINGLE_SECONDS = 30.0
BATCH_SECONDS = 5.0
PHASED_SECONDS = 600.0
MOST_DAYS = 365


class What(enum.Enum):
    GLUCOSE = "glucose"
    VITALS = "vitals"
    ALL = "all"


class PlanError(ValueError):
    """What was asked for cannot be; the text says what to change."""


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """``rate``: records a second by the wall, a record being what one patient measures at one instant."""

    what: What
    rate: float
    patients: int
    start_id: int
    duration: float
    days: float
    speed: float
    phased: bool

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.patients <= 0 or self.speed <= 0:
            raise PlanError("--rate, --patients and --speed are above 0.")
        if self.duration < 0 or self.days < 0 or self.start_id < 0:
            raise PlanError("--duration, --days and --start-id are 0 or more.")
        if self.days > MOST_DAYS:
            raise PlanError(f"--days is at most {MOST_DAYS}.")
        if self.speed < 1:
            raise PlanError("--speed is 1 or more: slower than time itself nothing would ever arrive in time.")
        if self.speed > 1 and not self.days and not self.duration:
            raise PlanError("--speed needs --days or --duration: faster than time there must be a past to begin in.")
        if self.phased and (self.what is What.GLUCOSE or self.speed > 1 or self.days):
            raise PlanError(
                "--phased shows vital signs as time passes: use --kind vitals or all, no --speed, no --days."
            )

    @property
    def numbers(self) -> range:
        return range(self.start_id, self.start_id + self.patients)

    @property
    def seconds_between(self) -> float:
        """By the wall, between two records of one patient."""
        return self.patients / self.rate

    @property
    def single(self) -> bool:
        return self.what is What.GLUCOSE and self.seconds_between >= SINGLE_SECONDS

    @property
    def backfills(self) -> bool:
        """Whether ``days`` are stored at once, before the live part."""
        return self.days > 0 and self.speed == 1

    def begin(self, now: datetime) -> datetime:
        """When simulated time begins."""
        if self.days:
            return now - timedelta(days=self.days)
        return now - timedelta(seconds=(self.speed - 1) * self.duration)


class Clock:
    """Simulated time, which never passes the wall's."""

    def __init__(self, plan: SimulationPlan, *, wall: datetime) -> None:
        self._wall, self._speed = wall, plan.speed
        self._begin = wall if plan.backfills else plan.begin(wall)

    def now(self, wall: datetime) -> datetime:
        return min(self._begin + (wall - self._wall) * self._speed, wall)
