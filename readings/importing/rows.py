"""What a reader makes of each line of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """``subject`` is a patient's code, "" where the file is one patient's. ``time`` is naive without an offset."""

    line: int
    subject: str
    time: datetime
    glucose: int  # mg/dL
    unit: str
    range_flag: int


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class IgnoredRow:
    """A line that is right and no sensor reading. ``kind``: what it is, in words that tell nothing of a patient."""

    line: int
    kind: str


Row = ParsedRow | BadRow | IgnoredRow
