"""What became of what was sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """``records``: what people measured, each at one instant. The others count values as the platform answered."""

    records: int = 0
    posts: int = 0
    heartbeats: int = 0
    created: int = 0
    duplicates: int = 0
    rejected: int = 0
    repeated_posts: int = 0
    troubles: Counter[str] = field(default_factory=Counter)

    def trouble(self, sentence: str) -> None:
        self.troubles[sentence] += 1
