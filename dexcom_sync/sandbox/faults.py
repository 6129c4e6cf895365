"""The queue of faults: which requests go wrong, how, how often and how probably."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dexcom_sync.sandbox.errors import SHAPES
from dexcom_sync.sandbox.refusals import ControlRefused

MATCHES = ("endpoint", "user", "client_id", "host", "grant_type", "method")
DATA_ENDPOINTS = ("dataRange", "egvs", "events", "calibrations", "devices", "alerts")
ENDPOINTS = ("login", "token", "data", *DATA_ENDPOINTS)
KINDS = (
    "status", "html", "redirect", "delay", "drop", "lost_response", "eof", "truncated", "encoding", "no_records",
    "other_user",
)  # fmt: skip


@dataclass(slots=True)
class Fault:
    """``times`` None: without end."""

    match: Mapping[str, Any]
    action: Mapping[str, Any]
    times: int | None = 1
    probability: float = 1.0
    hits: int = 0

    @property
    def kind(self) -> str:
        return str(self.action["kind"])

    def as_dict(self) -> dict[str, object]:
        return {
            "match": self.match, "action": self.action, "times": self.times, "probability": self.probability,
            "hits": self.hits,
        }  # fmt: skip


class Faults:
    def __init__(self, seed: int) -> None:
        self.queue: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311  chance that can be repeated

    def add(self, described: Mapping[str, Any]) -> None:
        self.queue.append(_fault(described))

    def take(self, facts: Mapping[str, Any]) -> Fault | None:
        """The first that means a request of these facts."""
        for fault in self.queue:
            if fault.times is not None and fault.hits >= fault.times:
                continue
            if _means(fault.match, facts) and self._random.random() < fault.probability:
                fault.hits += 1
                return fault
        return None


def _means(match: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    for name, wanted in match.items():
        choices = wanted if isinstance(wanted, list) else [wanted]
        if facts.get(name) in choices or (name == "endpoint" and "data" in choices and facts["data"]):
            continue
        return False
    return True


def _fault(described: Mapping[str, Any]) -> Fault:
    match, action = described.get("match", {}), described.get("action", {})
    times, probability = described.get("times", 1), described.get("probability", 1.0)
    if unknown := set(described) - {"match", "action", "times", "probability"}:
        raise ControlRefused(f"A fault has match, action, times and probability, not {', '.join(sorted(unknown))}.")
    if not isinstance(action, dict) or action.get("kind") not in KINDS:
        raise ControlRefused(f"action.kind of a fault is one of {', '.join(KINDS)}.")
    if not isinstance(match, dict) or not set(match) <= set(MATCHES):
        raise ControlRefused(f"match of a fault may name {', '.join(MATCHES)}.")
    named = match.get("endpoint", "data")
    if not set(named if isinstance(named, list) else [named]) <= set(ENDPOINTS):
        raise ControlRefused(f"match.endpoint of a fault is one of {', '.join(ENDPOINTS)}.")
    if action.get("shape", "oauth") not in SHAPES:
        raise ControlRefused(f"action.shape of a fault is one of {', '.join(SHAPES)}.")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise ControlRefused("times of a fault is a number from 1 on, or null for no end.")
    if not isinstance(probability, int | float) or not 0 < probability <= 1:
        raise ControlRefused("probability of a fault is above 0 and at most 1.")
    return Fault(match, action, times, float(probability))
