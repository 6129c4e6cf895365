from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class WhyWait(enum.StrEnum):
    BUDGET = "budget"
    # Dexcom answered 429.
    COOLDOWN = "cooldown"
    # The host fails too often.
    HOST = "host"
    # Our application was refused; a person must look: `manage.py dexcom resume`.
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Go:
    """``is_probe``: the one call that finds out whether a failing host works again."""

    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """``seconds``: until it is worth asking again; many may wait for the same second, so add some jitter."""

    seconds: float
    why: WhyWait


class MustWait(Exception):
    def __init__(self, wait: Wait) -> None:
        super().__init__(f"Wait {wait.seconds:.1f} s ({wait.why}).")
        self.seconds = wait.seconds
        self.why = wait.why


@dataclass(frozen=True, slots=True)
class Usage:
    """Of the last 60 minutes."""

    used: int
    limit: int
    by_lane: Mapping[str, int]

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)
