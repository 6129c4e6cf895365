"""What a load generator got back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.errors import BenchmarkError

# In place of a status.
NO_ANSWER = 0
OTHER_ANSWER = 1
MAX_WRONG_SHARE = 0.001
_NAMES = {NO_ANSWER: "no answer", OTHER_ANSWER: "400 or above"}


@dataclass(slots=True)
class Answers:
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    # Of the time that answers took, by percent: 50 and 99.
    percentiles: Mapping[int, float] = field(default_factory=dict)

    def milliseconds(self, percent: int) -> float:
        return self.percentiles[percent]

    def rate(self, status: int) -> float:
        """Answers of ``status`` in a second; raises BenchmarkError as ``refuse_other_than`` does."""
        self.refuse_other_than(status)
        return self.statuses[status] / self.seconds

    def refuse_other_than(self, status: int) -> None:
        """Raises BenchmarkError where more than 0.1 % of the answers were of another status."""
        total = self.statuses.total()
        wrong = total - self.statuses[status]
        if not total or wrong > MAX_WRONG_SHARE * total:
            counts = ", ".join(f"{count} x {_NAMES.get(code, code)}" for code, count in self.statuses.most_common())
            raise BenchmarkError(f"Answers other than {status}: {wrong} of {total} ({counts or 'none at all'}).")
