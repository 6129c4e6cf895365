"""What a scenario is made of, as it stands on the command line: ``clinics=2,patients=50,minutes=5``."""

from __future__ import annotations

from dataclasses import dataclass, fields

from simulator.loadtest.world import MOST_CLINICS

SENSOR_SECONDS = 300.0
MOST_PATIENTS, MOST_MINUTES = 20_000, 240.0
# A reading in two seconds: the whole second tells readings of a device apart.
FASTEST = SENSOR_SECONDS / 2


class PlanError(ValueError):
    """The text says what to change."""


@dataclass(frozen=True, slots=True)
class ScenarioPlan:
    """``patients``, ``staff`` and ``phones`` of each clinic. ``jumps``: devices of each whose clock jumps.

    ``speed``: how fast the sensors are, 1 being 288 readings a day. Readings are stamped with the time of the wall, so
    that rules look at all of them as fresh ones; their values go through the day that much faster.
    """

    clinics: int = 2
    patients: int = 50
    minutes: float = 5.0
    staff: int = 2
    phones: int = 5
    jumps: int = 0
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.clinics <= MOST_CLINICS or not 1 <= self.patients * self.clinics <= MOST_PATIENTS:
            raise PlanError(f"A scenario has 1 to {MOST_CLINICS} clinics and at most {MOST_PATIENTS:,} patients.")
        if not 0 < self.minutes <= MOST_MINUTES:
            raise PlanError(f"minutes is above 0 and at most {MOST_MINUTES:g}.")
        if min(self.staff, self.phones, self.jumps) < 0 or max(self.phones, self.jumps) > self.patients:
            raise PlanError("staff, phones and jumps are 0 or more; phones and jumps at most as many as patients.")
        if not 1 <= self.speed <= FASTEST:
            raise PlanError(f"--speed is 1 to {FASTEST:g}.")

    @property
    def seconds(self) -> float:
        return 60 * self.minutes

    @property
    def interval(self) -> float:
        """Seconds of the wall between two readings of a device."""
        return SENSOR_SECONDS / self.speed

    @property
    def readings_a_second(self) -> float:
        return self.clinics * self.patients / self.interval


def read_plan(text: str, *, speed: float) -> ScenarioPlan:
    """Raises PlanError."""
    kinds = {each.name: float if each.name == "minutes" else int for each in fields(ScenarioPlan)}
    kinds.pop("speed")
    said: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if name not in kinds:
            raise PlanError(f"A scenario knows {', '.join(kinds)}, not {name!r}.")
        try:
            said[name] = kinds[name](value)
        except ValueError:
            raise PlanError(f"{name} takes a number, not {value!r}.") from None
    return ScenarioPlan(**said, speed=speed)  # type: ignore[arg-type]
