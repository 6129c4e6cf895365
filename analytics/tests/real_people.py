"""Weeks of five people, where their file is. It comes with a package under GPL: it is read, never copied."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.trace import Trace

REAL_FILE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "iglu_example_5.csv"
# Their clocks never changed.
ZONE = ZoneInfo("Etc/GMT+5")

needs_real_people = pytest.mark.skipif(not REAL_FILE.exists(), reason="the example file of five people is not here")


@lru_cache(maxsize=1)
def real_people() -> list[Trace]:
    """In the order of the file: "Subject 1" to "Subject 5"."""
    readings: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    with REAL_FILE.open(newline="") as lines:
        for line in csv.DictReader(lines):
            at = datetime.fromisoformat(line["time"]).replace(tzinfo=ZONE)
            readings[line["subject"]].append((at, float(line["glucose"])))
    return [
        Trace.of_datetimes([at for at, _ in rows], [value for _, value in rows], ZONE) for rows in readings.values()
    ]
