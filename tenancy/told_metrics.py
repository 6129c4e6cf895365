"""Counts and times of workers. They are not scraped: they add to a hash in Valkey, which whoever is scraped reads.

Told when a piece of work ends, in one round trip; a metric is not worth failing for while Valkey is away. Labels are
words of ours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import redis
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tenancy.redis import limits_client

KEY = "told-metrics"
_BETWEEN = "\x1f"
_all: dict[str, ToldCounter | ToldHistogram] = {}


@dataclass(frozen=True, slots=True)
class ToldCounter:
    """``name``: without ``_total``, as Prometheus wants it."""

    name: str
    documentation: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _all[self.name] = self

    def told(self, *labels: str, by: float = 1) -> dict[str, float]:
        return {_BETWEEN.join((self.name, *labels)): by}

    def family(self, fields: Sequence[tuple[list[str], float]]) -> Metric:
        counter = CounterMetricFamily(self.name, self.documentation, labels=self.labels)
        # One that has no labels begins with nought, so that a rule can tell "never" from "not asked".
        for labels, value in fields or ([] if self.labels else [([], 0.0)]):
            counter.add_metric(labels, value)
        return counter


@dataclass(frozen=True, slots=True)
class ToldHistogram:
    name: str
    documentation: str
    bounds: tuple[float, ...]

    def __post_init__(self) -> None:
        _all[self.name] = self

    def told(self, values: Sequence[float]) -> dict[str, float]:
        found: defaultdict[str, float] = defaultdict(float)
        for value in values:
            found[_BETWEEN.join((self.name, str(bisect_left(self.bounds, value))))] += 1
        if values:
            found[_BETWEEN.join((self.name, "sum"))] = sum(values)
        return found

    def family(self, fields: Sequence[tuple[list[str], float]]) -> Metric:
        by_place = {labels[0]: value for labels, value in fields}
        counts = accumulate(by_place.get(str(place), 0.0) for place in range(len(self.bounds) + 1))
        bounds = [*map(str, self.bounds), "+Inf"]
        histogram = HistogramMetricFamily(self.name, self.documentation)
        histogram.add_metric([], list(zip(bounds, counts, strict=True)), by_place.get("sum", 0.0))
        return histogram


def tell(*told: dict[str, float]) -> None:
    add_up(KEY, {field: by for one in told for field, by in one.items() if by})


def add_up(key: str, amounts: Mapping[str, float]) -> None:
    """Add to the fields of a hash, in one round trip."""
    if not amounts:
        return
    try:
        pipeline = limits_client().pipeline(transaction=False)
        for field, by in amounts.items():
            pipeline.hincrbyfloat(key, field, by)
        pipeline.execute()
    except redis.RedisError:
        return


class _FromValkey(Collector):
    def describe(self) -> list[Metric]:
        """Nothing: otherwise registering would ask Valkey."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            fields: Any = limits_client().hgetall(KEY)
        except redis.RedisError:
            return
        found: defaultdict[str, list[tuple[list[str], float]]] = defaultdict(list)
        for field, value in fields.items():
            name, *labels = field.decode().split(_BETWEEN)
            found[name].append((labels, float(value)))
        for metric in _all.values():
            yield metric.family(found[metric.name])


REGISTRY.register(_FromValkey())
