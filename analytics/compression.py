"""Dips that somebody makes by lying on the sensor: sudden, out of a level trace, at night, and over as suddenly.

The limits are a heuristic. Baysal 2014 (PMC4455457) shows, by other parameters, that such dips can be told from real
ones (88 % of them found, 1.7 % of the rest taken for one). So what is found may be one: it is never hidden or left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from analytics.forecast import LONGEST_GAP, Measured, least_squares

NIGHT_FROM, NIGHT_UNTIL = time(22), time(8)
# mg/dL, and mg/dL per minute.
DROP, NEAR, LOW, LEVEL = 25, 15, 80, 1.0
LEVEL_FOR = timedelta(minutes=30)
# Of these 30 minutes, a reading that comes late may leave some uncovered.
SHORTEST_LEVEL = timedelta(minutes=20)
DROPS_WITHIN, BACK_WITHIN = timedelta(minutes=15), timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Dip:
    """From the last reading before it to the one that is back; ``lowest`` in mg/dL."""

    started_at: datetime
    ended_at: datetime
    lowest: float


def possible_dips(readings: Sequence[Measured], zone: ZoneInfo) -> list[Dip]:
    """In ascending ``readings`` of one sensor; ``zone``: where the patient sleeps. Found when they are over."""
    dips = []
    place = 0
    while place < len(readings):
        if not _may_begin(readings, place, zone):
            place += 1
            continue
        while readings[place + 1].glucose >= readings[place].glucose - NEAR and _may_begin(readings, place + 1, zone):
            place += 1
        end = _end(readings, place)
        if end is None:
            place += 1
            continue
        lowest = min(reading.glucose for reading in readings[place + 1 : end])
        dips.append(Dip(readings[place].measured_at, readings[end].measured_at, lowest))
        place = end
    return dips


def is_in_possible_dip(readings: Sequence[Measured], zone: ZoneInfo) -> bool:
    """Whether the newest reading lies in what may become one."""
    if not readings:
        return False
    newest = readings[-1]
    for place in range(len(readings) - 2, -1, -1):
        start = readings[place]
        if newest.measured_at - start.measured_at > BACK_WITHIN:
            return False
        since = readings[place + 1 :]
        is_down = min(one.glucose for one in since) < LOW and newest.glucose < start.glucose - NEAR
        if is_down and _may_begin(readings, place, zone) and _first_back(readings, place) is None:
            return True
    return False


def _may_begin(readings: Sequence[Measured], place: int, zone: ZoneInfo) -> bool:
    """Whether the reading there is the last one of a level trace at night, with a sudden drop behind it."""
    return _drops(readings, place) and _is_night(readings[place].measured_at, zone) and _is_level(readings, place)


def _drops(readings: Sequence[Measured], place: int) -> bool:
    start = readings[place]
    for reading in itertools.islice(readings, place + 1, None):
        if reading.measured_at - start.measured_at > DROPS_WITHIN:
            return False
        if reading.glucose <= start.glucose - DROP:
            return True
    return False


def _is_night(instant: datetime, zone: ZoneInfo) -> bool:
    clock = instant.astimezone(zone).time()
    return clock >= NIGHT_FROM or clock < NIGHT_UNTIL


def _is_level(readings: Sequence[Measured], place: int) -> bool:
    start = readings[place]
    first = place
    while first > 0 and start.measured_at - readings[first - 1].measured_at <= LEVEL_FOR:
        first -= 1
    before = readings[first : place + 1]
    if len(before) < 3 or start.measured_at - before[0].measured_at < SHORTEST_LEVEL:
        return False
    if any(later.measured_at - earlier.measured_at > LONGEST_GAP for earlier, later in itertools.pairwise(before)):
        return False
    # The first reading of a fall hardly bends the line yet.
    level = sum(reading.glucose for reading in before) / len(before)
    return abs(start.glucose - level) <= NEAR and abs(least_squares(before)) < LEVEL


def _end(readings: Sequence[Measured], place: int) -> int | None:
    """Where the trace is back at its level; None: it is not, or was never low, or went far beyond."""
    end = _first_back(readings, place)
    if end is None or readings[end].glucose > readings[place].glucose + NEAR:
        return None
    return end if min(reading.glucose for reading in readings[place + 1 : end]) < LOW else None


def _first_back(readings: Sequence[Measured], place: int) -> int | None:
    """The first reading after the drop that is not far below the start any more."""
    start = readings[place]
    has_dropped = False
    for index in range(place + 1, len(readings)):
        if readings[index].measured_at - start.measured_at > BACK_WITHIN:
            return None
        if readings[index].glucose <= start.glucose - DROP:
            has_dropped = True
        elif has_dropped and readings[index].glucose >= start.glucose - NEAR:
            return index
    return None
