"""All metrics and the ambulatory profile of a person, and as iglu-python computes its own of the same readings."""

from __future__ import annotations

import csv
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from analytics.summary import analyse
from analytics.trace import DAY, MINUTE, Trace
from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError
from benchmarks.report import Figure, Target

DAYS, USUAL_DAYS = 90, 14
PER_DAY = 288
# What 90 days may take.
MOST_SECONDS = 0.060
TIMES_AS_FAST = 50
BEGIN = 20_000 * DAY
ZONE = ZoneInfo("Europe/Berlin")
IGLU = Path(__file__).parent.parent / "scripts" / "iglu.py"
IGLU_SECONDS = 1_800


def measure(bench: Bench) -> Iterator[Figure]:
    instants, glucose = readings_of(DAYS)
    times = _seconds(instants, glucose, bench.seconds)
    yield Figure(
        f"all metrics and the AGP of {DAYS} days", "analyses/s", 1 / float(np.median(times)),
        f"{MOST_SECONDS * 1000:g} ms each", 1 / MOST_SECONDS,
        {"readings": len(instants)} | {f"p{part} ms": _milliseconds(times, part) for part in (50, 99)}
        | {"least ms": _milliseconds(times, 0)},
        Target(1, 1.5),
    )  # fmt: skip
    if bench.iglu_python:
        yield _beside_iglu(bench, bench.iglu_python)


def _beside_iglu(bench: Bench, interpreter: Path) -> Figure:
    instants, glucose = readings_of(USUAL_DAYS)
    ours = float(np.median(_seconds(instants, glucose, bench.seconds)))
    theirs = _iglu_seconds(interpreter, bench.directory / "iglu.csv", instants, glucose)
    return Figure(
        f"all metrics of {USUAL_DAYS} days", "analyses/s", 1 / ours,
        "those of iglu-python, of the same readings", 1 / theirs,
        {"ms": round(1000 * ours, 1), "ms of iglu-python": round(1000 * theirs)},
        Target(TIMES_AS_FAST, 2 * TIMES_AS_FAST),
    )  # fmt: skip


def readings_of(days: int) -> tuple[np.ndarray, np.ndarray]:
    """A person's days: meals that come at other times every day, a sensor's noise, and some hours without readings."""
    random = np.random.default_rng(7)
    minutes = 5 * np.arange(days * PER_DAY)
    glucose = 120 + 15 * np.sin(2 * np.pi * minutes / 1440)
    for day in range(days):
        for meal in (7.5, 12.5, 19):
            after = minutes - (day * 24 + meal + random.normal(0, 0.7)) * 60
            risen = np.clip(after, 0, None) / 45
            glucose += random.gamma(4, 22) * risen * np.exp(1 - risen) - 18 * np.exp(-(((after - 240) / 60) ** 2))
    glucose = np.clip(np.rint(glucose + random.normal(0, 3, len(glucose))), 40, 400)
    is_gap = np.repeat(random.random(days * 24) < 0.02, PER_DAY // 24)
    return (BEGIN + MINUTE * minutes)[~is_gap], glucose[~is_gap]


def _seconds(instants: np.ndarray, glucose: np.ndarray, seconds: float) -> list[float]:
    """Of the processor, each from bare numbers on: nothing is kept from the one before."""
    until = time.perf_counter() + seconds
    times: list[float] = []
    while not times or time.perf_counter() < until:
        begun = time.process_time()
        trace = Trace.of(instants, glucose, ZONE)
        analysis = analyse(trace, int(instants[0]), int(instants[-1]) + 1)
        times.append(time.process_time() - begun)
        if not analysis.mage.average or not analysis.variability.modd:
            raise BenchmarkError("Metrics are missing.")
    return times


def _milliseconds(times: list[float], percent: int) -> float:
    return round(1000 * float(np.percentile(times, percent)), 1)


def _iglu_seconds(interpreter: Path, file: Path, instants: np.ndarray, glucose: np.ndarray) -> float:
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("id", "time", "gl"))
        for instant, value in zip(instants.tolist(), glucose.tolist(), strict=True):
            writer.writerow(("one", datetime.fromtimestamp(instant / 1000, UTC).replace(tzinfo=None), value))
    done = subprocess.run(
        [interpreter, IGLU, file], capture_output=True, text=True, check=False, timeout=IGLU_SECONDS, env={}
    )
    if done.returncode:
        raise BenchmarkError(f"iglu-python did not compute:\n{done.stderr}")
    return float(done.stdout)
