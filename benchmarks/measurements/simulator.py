"""Virtual patients: how many of their days one core makes, bodies, therapy and sensors together."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError
from benchmarks.report import Figure, Target
from simulator import physiology
from simulator.physiology import Person, cohort, simulate

PEOPLE, FEW = 1_000, 100
DAYS = 4
# Patient-days that one core makes in a second.
LEAST = 1_000


def _rates(people: list[Person], seconds: float) -> list[float]:
    """Patient-days per second of the processor, each time other days."""
    until, rates = time.perf_counter() + seconds, list[float]()
    while not rates or time.perf_counter() < until:
        begun = time.process_time()
        first = DAYS * len(rates)
        course = simulate(people, days=DAYS, first_days=first)
        signal = physiology.measure(people, course.tissue, first_days=first)
        rates.append(DAYS * len(people) / (time.process_time() - begun))
        if not 100 < float(np.mean(signal.levels)) < 250:
            raise BenchmarkError("The virtual patients' glucose is not that of people.")
    return rates


def measure(bench: Bench) -> Iterator[Figure]:
    for number, target in ((PEOPLE, Target(1, 1.5)), (FEW, None)):
        rates = _rates(cohort(number), bench.seconds)
        yield Figure(
            f"days of {number:,} virtual patients of type 1", "patient-days/s", float(np.median(rates)),
            f"{LEAST:,} a second", LEAST, {"least": round(min(rates)), "most": round(max(rates))}, target,
        )  # fmt: skip
