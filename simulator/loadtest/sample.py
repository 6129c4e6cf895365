"""How long answers took, and what they were."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# Fewer say nothing about the slowest of twenty, or of a hundred.
P95_NEEDS, P99_NEEDS = 20, 100


@dataclass(slots=True)
class Sample:
    """``seconds`` of each answer, whatever it was; what was never answered is only in ``errors``."""

    name: str
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0

    def answer(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.seconds.append(seconds)

    def error(self, error: Exception) -> None:
        self.errors[type(error).__name__] += 1

    @property
    def successful(self) -> int:
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def total(self) -> int:
        return self.statuses.total() + self.errors.total()

    def percentile(self, percent: int) -> float:
        """Milliseconds: the nearest rank."""
        ordered = sorted(self.seconds)
        rank = max(-(-len(ordered) * percent // 100), 1)
        return 1000 * ordered[rank - 1] if ordered else 0.0

    def figures(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "total": self.total,
            "successful": self.successful,
            "failed": self.total - self.successful,
            "seconds": round(self.elapsed, 2),
            "requestsPerSecond": round(self.total / self.elapsed, 1) if self.elapsed else None,
        }
        if self.seconds:
            said |= {
                "minMs": _ms(min(self.seconds)),
                "meanMs": _ms(statistics.fmean(self.seconds)),
                "medianMs": _ms(statistics.median(self.seconds)),
                "maxMs": _ms(max(self.seconds)),
            }
        if len(self.seconds) >= P95_NEEDS:
            said["p95Ms"] = round(self.percentile(95), 1)
        if len(self.seconds) >= P99_NEEDS:
            said["p99Ms"] = round(self.percentile(99), 1)
        said["statuses"] = {str(status): count for status, count in sorted(self.statuses.items())}
        said["errors"] = dict(self.errors.most_common())
        return said


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
