from __future__ import annotations

from dataclasses import dataclass

from dexcom_sync.sandbox.identities import number_of

DAY = 86_400
HOUR = 3_600
STEP = 300


@dataclass(frozen=True, slots=True)
class Spec:
    """One simulated user. Data end before ``anchor`` (s) and begin ``days`` before it.

    ``live``: everyday scenarios go on after the anchor, as long as the clock runs.
    """

    name: str
    scenario: str
    region: str
    seed: int
    days: int
    anchor: float
    zone: str
    live: bool = False
    delay_h: float | None = None

    @property
    def first(self) -> float:
        return self.anchor - self.days * DAY

    def chance(self) -> int:
        """Users differ also where they share a scenario."""
        return (self.seed * 1_000_003 + number_of(self.name)) % 2**63
