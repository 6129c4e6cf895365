"""What was posted and what was acknowledged, by those who posted it.

The milliseconds of an instant are the number of its clinic: whoever sees another number has seen a foreign row, with
no need to ask anybody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

# Their last names, see ``world``.
PATIENT_OF = re.compile(r"\bClinic (\d+)\b")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Clinic, number of the device.
Wearer = tuple[int, int]
Values = dict[int, int]


def tagged(instant: datetime, clinic: int) -> int:
    """Milliseconds since 1970, the last three of them the clinic's number."""
    return (instant - EPOCH) // timedelta(seconds=1) * 1000 + clinic


def instant_of(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds_of(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def spoken(milliseconds: int) -> str:
    return instant_of(milliseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Record:
    """Glucose by instant, for each device. ``problems``: what was wrong while it ran, each once."""

    posted: dict[Wearer, Values] = field(default_factory=lambda: defaultdict(dict))
    acknowledged: dict[Wearer, Values] = field(default_factory=lambda: defaultdict(dict))
    problems: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    undelivered: int = 0
    rows_read: int = 0

    def problem(self, sentence: str) -> None:
        self.problems[sentence] += 1

    @property
    def acknowledgements(self) -> int:
        return sum(map(len, self.acknowledged.values()))

    def look(self, clinic: int, body: Any, who: str) -> None:
        """Compares what a reader of this clinic was given with what was posted there."""
        for item in _items(body):
            timestamp = item.get("timestamp")
            if isinstance(timestamp, str) and "glucoseValue" in item and "deviceId" in item:
                self._look_at_reading(clinic, item, datetime.fromisoformat(timestamp), who)
            for found in (PATIENT_OF.search(value) for value in item.values() if isinstance(value, str)):
                if found is not None:
                    self.rows_read += 1
                    if int(found[1]) != clinic:
                        self.problem(f"{who} of clinic {clinic} saw a patient of clinic {found[1]}.")

    def _look_at_reading(self, clinic: int, item: dict[str, Any], at: datetime, who: str) -> None:
        self.rows_read += 1
        milliseconds = milliseconds_of(at)
        if milliseconds % 1000 != clinic:
            self.problem(f"{who} of clinic {clinic} saw a reading of clinic {milliseconds % 1000}.")
            return
        number = int(str(item["deviceId"]).rpartition("_")[2])
        posted = self.posted.get((clinic, number), {}).get(milliseconds)
        if posted != item["glucoseValue"]:
            self.problem(f"{who} of clinic {clinic} read {item['glucoseValue']} where {posted} was posted.")


def _items(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, dict):
        yield body
        for value in body.values():
            yield from _items(value)
    elif isinstance(body, list):
        for value in body:
            yield from _items(value)
