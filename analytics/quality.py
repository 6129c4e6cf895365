"""What about readings may not be true. It is flagged, never left out: figures count every reading.

Copies of one measurement by two devices are the store's matter (``is_copy``); they never come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np

from analytics.compression import BACK_WITHIN, DROP, DROPS_WITHIN, LEVEL_FOR, possible_dips
from analytics.episodes import runs
from analytics.trace import HOUR, MINUTE, Flags, Floats, Milliseconds, Trace

# mg/dL: what no sensor gives out, and Dexcom's code of an error. Source: oref0.
LOWEST_POSSIBLE, ERROR_CODE, HIGHEST_POSSIBLE = 10, 38, 600
# mg/dL per minute, between readings at most 15 minutes apart. Source: Glucose Monitoring Devices (2020), chapter 11.
FASTEST, JUMPS_WITHIN = 5.0, 15 * MINUTE
# A sensor that repeats a value is stuck. oref0 asks for little change only (mean below 1 mg/dL per five minutes). Quiet
# nights have that: 455 stretches in seven weeks of five people, where no change at all leaves 2.
FLAT_ABOVE, FLAT_FOR = 60.0, 45 * MINUTE
# What a sensor shows in its first hour jumps; in its first twelve it is less exact. Source: label of the Libre.
SETTLES, WARMS_UP = HOUR, 12 * HOUR
FUTURE = 5 * MINUTE


class FlagKind(StrEnum):
    BEYOND_SENSOR = "beyondSensor"
    IMPOSSIBLE = "impossible"
    JUMP = "jump"
    FLAT = "flat"
    POSSIBLE_COMPRESSION = "possibleCompression"
    WARM_UP = "warmUp"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class QualityFlag:
    """From the first to the last reading concerned, both included, in milliseconds since 1970."""

    kind: FlagKind
    since: int
    until: int


@dataclass(frozen=True)
class _Point:
    measured_at: datetime
    glucose: float


def flags(trace: Trace, *, sensor_starts: Sequence[int] = (), now: int | None = None) -> list[QualityFlag]:
    """In the order of time. ``sensor_starts``: when sensors were put on, as far as known; ``now``: what is five minutes
    later has a wrong clock; both in milliseconds since 1970."""
    if not len(trace):
        return []
    after_start = _since_start(trace.instants, sensor_starts)
    concerned = {
        FlagKind.BEYOND_SENSOR: trace.beyond != 0,
        FlagKind.IMPOSSIBLE: _is_impossible(trace),
        FlagKind.JUMP: _jumps(trace) & (after_start >= SETTLES),
        FlagKind.FLAT: _is_flat(trace),
        FlagKind.WARM_UP: after_start < WARMS_UP,
        FlagKind.FUTURE: trace.instants > (np.inf if now is None else now + FUTURE),
    }
    found = [flag for kind, which in concerned.items() for flag in _flags(kind, trace.instants, which)]
    return sorted([*found, *_compressions(trace)], key=lambda flag: (flag.since, flag.kind))


def _flags(kind: FlagKind, instants: Milliseconds, which: Flags) -> Iterator[QualityFlag]:
    for begin, end in zip(*runs(which), strict=True):
        yield QualityFlag(kind, int(instants[begin]), int(instants[end - 1]))


def _since_start(instants: Milliseconds, starts: Sequence[int]) -> Floats:
    """How long the sensor had been on, in milliseconds; infinite where that is not known."""
    ordered = np.array([-np.inf, *sorted(starts)])
    since: Floats = instants - ordered[np.searchsorted(ordered, instants, side="right") - 1]
    return since


def _is_impossible(trace: Trace) -> Flags:
    values = trace.glucose
    is_error = (values == ERROR_CODE) & ~trace.is_mmol
    which: Flags = (values <= LOWEST_POSSIBLE) | is_error | (values > HIGHEST_POSSIBLE)
    return which


def _jumps(trace: Trace) -> Flags:
    """Both readings of a jump, so that a flag says what lies between."""
    apart = np.diff(trace.instants)
    is_jump = (apart <= JUMPS_WITHIN) & (np.abs(np.diff(trace.glucose)) > FASTEST * apart / MINUTE)
    both: Flags = np.concatenate((is_jump, [False])) | np.concatenate(([False], is_jump))
    return both


def _is_flat(trace: Trace) -> Flags:
    """The same value for 45 minutes, without a gap."""
    is_same = (np.diff(trace.glucose) == 0) & (np.diff(trace.instants) <= JUMPS_WITHIN)
    begins, ends = runs(is_same & (trace.glucose[1:] > FLAT_ABOVE) & (trace.beyond[1:] == 0))
    is_flat = np.zeros(len(trace), dtype=np.bool_)
    for begin, end in zip(begins, ends, strict=True):
        if trace.instants[end] - trace.instants[begin] >= FLAT_FOR:
            is_flat[begin : end + 1] = True
    return is_flat


def _compressions(trace: Trace) -> Iterator[QualityFlag]:
    """By ``possible_dips``, which looks at one reading after the other: only around sudden drops."""
    for begin, end in _around_drops(trace):
        window = trace.between(begin, end)
        times = [datetime.fromtimestamp(instant / 1000, UTC) for instant in window.instants.tolist()]
        points = [_Point(at, value) for at, value in zip(times, window.glucose.tolist(), strict=True)]
        for dip in possible_dips(points, trace.zone):
            since, until = (round(at.timestamp() * 1000) for at in (dip.started_at, dip.ended_at))
            yield QualityFlag(FlagKind.POSSIBLE_COMPRESSION, since, until)


def _around_drops(trace: Trace) -> list[tuple[int, int]]:
    """Stretches that contain all that is looked at of a dip, none of them overlapping."""
    instants, values = trace.instants, trace.glucose
    drops = np.zeros(len(values), dtype=np.bool_)
    within = round(DROPS_WITHIN.total_seconds() * 1000)
    for lag in range(1, within // (trace.interval * MINUTE) + 1):
        near = instants[lag:] - instants[:-lag] <= within
        drops[:-lag] |= near & (values[lag:] <= values[:-lag] - DROP)
    before, after = (round(2 * span.total_seconds() * 1000) for span in (LEVEL_FOR, BACK_WITHIN))
    stretches: list[tuple[int, int]] = []
    for instant in instants[drops].tolist():
        begin, end = instant - before, instant + after
        if stretches and begin <= stretches[-1][1]:
            begin, _ = stretches.pop()
        stretches.append((begin, end))
    return stretches
