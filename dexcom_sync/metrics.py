"""What syncing tells Prometheus. Workers are not scraped: they add to a hash in Valkey, which whoever is scraped reads.

A metric is not worth failing for while Valkey is away. Labels are words of ours: no patient, no token, no value.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

import redis
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from dexcom_sync.client import DexcomError, Exchange
from dexcom_sync.records import Parsed, Quarantined
from tenancy.redis import limits_client
from tenancy.told_metrics import add_up

COUNTS, GAUGES = "dexcom:counts", "dexcom:gauges"
TELL_EVERY_SECONDS = 1.0
# What nobody has told for longer is not true any more.
KEEP_GAUGES_SECONDS = 3600
_BETWEEN = "\x1f"
# How long a record was on its way: an hour in the US, three elsewhere; a receiver's, weeks.
LATENESS_SECONDS = (1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 864_000, 2_592_000)


@dataclass(frozen=True, slots=True)
class _Described:
    name: str
    documentation: str
    labels: tuple[str, ...]


_COUNTERS = {
    "calls": _Described("glucose_dexcom_calls", "Calls by what they ended with", ("host", "endpoint", "status")),
    "token_refusals": _Described("glucose_dexcom_token_refusals", "Token requests that got none", ("host", "kind")),
    "permits": _Described("glucose_dexcom_permits", "Calls that the limiter permitted", ("host", "lane")),
    "permits_alone": _Described(
        "glucose_dexcom_limiter_alone", "Times that Valkey did not answer for the limiter", ("host",)
    ),
    "waits": _Described("glucose_dexcom_waits", "Calls that the limiter put off", ("host", "lane", "why")),
    "stops": _Described("glucose_dexcom_stops", "Times that our application was refused", ("reason",)),
    "host_changes": _Described("glucose_dexcom_host_changes", "Times a host failed or came back", ("host", "change")),
    "records": _Described("glucose_dexcom_records", "Records read", ("resource",)),
    "quarantined": _Described("glucose_dexcom_quarantined", "Records nobody could read", ("resource", "reason")),
    "leniencies": _Described(
        "glucose_dexcom_leniencies", "What was read although not as documented", ("resource", "leniency")
    ),
    "flags": _Described("glucose_dexcom_flags", "Records with something odd", ("resource", "flag")),
    "unknown_words": _Described("glucose_dexcom_unknown_words", "Words that no list holds", ("resource", "member")),
    "record_id_churn": _Described("glucose_dexcom_record_id_churn", "New record ids of known readings", ()),
    "user_mismatches": _Described("glucose_dexcom_user_mismatches", "Answers about somebody else", ()),
    "vanished": _Described("glucose_dexcom_vanished_records", "Records missing when read again", ("resource",)),
}
_GAUGES = {
    "clock_skew": _Described("glucose_dexcom_clock_skew_seconds", "Their clock ahead of ours", ("host",)),
    "connections": _Described("glucose_dexcom_connections", "Connections by state", ("state",)),
    "staleness": _Described(
        "glucose_dexcom_staleness_seconds", "Age of the newest value beyond the usual delay", ("region", "quantile")
    ),
    "quarantine_depth": _Described("glucose_dexcom_quarantine_depth", "Records that wait in quarantine", ()),
}
_LATENESS = _Described("glucose_dexcom_lateness_seconds", "How late records arrived", ("resource",))

_lock = threading.Lock()
_waiting: defaultdict[str, float] = defaultdict(float)
_told_at = 0.0


def count(name: str, *labels: str, by: float = 1) -> None:
    """``name``: a key of ``_COUNTERS``. Told to Valkey at most once a second; ``flush`` when a task ends."""
    if len(labels) != len(_COUNTERS[name].labels):
        raise ValueError(f"The labels of {name} are {_COUNTERS[name].labels}.")
    with _lock:
        _waiting[_BETWEEN.join((name, *labels))] += by
        is_time = time.monotonic() - _told_at >= TELL_EVERY_SECONDS
    if is_time:
        flush()


def flush() -> None:
    global _told_at
    with _lock:
        told = dict(_waiting)
        _waiting.clear()
        _told_at = time.monotonic()
    add_up(COUNTS, told)


def tell(name: str, value: float, *labels: str) -> None:
    """``name``: a key of ``_GAUGES``."""
    if len(labels) != len(_GAUGES[name].labels):
        raise ValueError(f"The labels of {name} are {_GAUGES[name].labels}.")
    try:
        limits_client().hset(GAUGES, _BETWEEN.join((name, *labels)), f"{value} {time.time()}")
    except redis.RedisError:
        return


def exchange_counter(host: str) -> Callable[[str, Exchange | DexcomError], None]:
    """What a ``DexcomClient`` is given as ``notice``."""

    def notice(endpoint: str, outcome: Exchange | DexcomError) -> None:
        if isinstance(outcome, DexcomError):
            count("calls", host, endpoint, outcome.code or type(outcome).__name__)
            return
        count("calls", host, endpoint, str(outcome.status))
        if outcome.clock_skew is not None and _is_worth_telling(host):
            tell("clock_skew", outcome.clock_skew, host)

    return notice


_skew_told_at: dict[str, float] = {}


def _is_worth_telling(host: str) -> bool:
    """Once in ten seconds: a figure that hardly changes is not worth a round trip with each call."""
    now = time.monotonic()
    if now - _skew_told_at.get(host, -TELL_EVERY_SECONDS * 10) < TELL_EVERY_SECONDS * 10:
        return False
    _skew_told_at[host] = now
    return True


def note_records(resource: str, parsed: Iterable[Parsed | Quarantined]) -> None:
    """All records of one page, those that could not be read among them."""
    found: Counter[tuple[str, ...]] = Counter()
    for record in parsed:
        found["records", resource] += 1
        if isinstance(record, Quarantined):
            found["quarantined", resource, record.reason] += 1
            continue
        told = record.provenance
        for flag in told.flags:
            found["flags", resource, flag] += 1
        for leniency in told.leniencies:
            found["leniencies", resource, leniency] += 1
        for member in told.unknown_words:
            found["unknown_words", resource, member] += 1
    for (name, *labels), number in found.items():
        count(name, *labels, by=number)


def note_lateness(resource: str, system_times: Iterable[datetime], fetched_at: datetime) -> None:
    """Of records that are new: how long after their time they were fetched."""
    now = fetched_at.timestamp()
    with _lock:
        for system_time in system_times:
            late = max(0.0, now - system_time.timestamp())
            place = bisect_left(LATENESS_SECONDS, late)
            _waiting[_BETWEEN.join(("lateness", resource, str(place)))] += 1
            _waiting[_BETWEEN.join(("lateness_sum", resource))] += late


class FromWorkers(Collector):
    def describe(self) -> list[Metric]:
        """Nothing: otherwise registering would ask Valkey."""
        return []

    def collect(self) -> Iterator[Metric]:
        flush()
        try:
            counts, gauges = limits_client().hgetall(COUNTS), limits_client().hgetall(GAUGES)
        except redis.RedisError:
            return
        by_name = _by_name(counts)
        for name, described in _COUNTERS.items():
            counter = CounterMetricFamily(described.name, described.documentation, labels=described.labels)
            for labels, value in by_name.get(name, []):
                counter.add_metric(labels, float(value))
            yield counter
        yield _histogram(by_name)
        by_name = _by_name(gauges)
        for name, described in _GAUGES.items():
            gauge = GaugeMetricFamily(described.name, described.documentation, labels=described.labels)
            for labels, told in by_name.get(name, []):
                value, _, told_at = told.partition(" ")
                if time.time() - float(told_at) < KEEP_GAUGES_SECONDS:
                    gauge.add_metric(labels, float(value))
            yield gauge


def _by_name(fields: Any) -> dict[str, list[tuple[list[str], str]]]:
    found: dict[str, list[tuple[list[str], str]]] = {}
    for field, value in fields.items():
        name, *labels = field.decode().split(_BETWEEN)
        found.setdefault(name, []).append((labels, value.decode()))
    return found


def _histogram(by_name: dict[str, list[tuple[list[str], str]]]) -> Metric:
    family = HistogramMetricFamily(_LATENESS.name, _LATENESS.documentation, labels=_LATENESS.labels)
    sums = {labels[0]: float(value) for labels, value in by_name.get("lateness_sum", [])}
    counts: dict[str, list[float]] = {}
    for (resource, place), value in by_name.get("lateness", []):
        counts.setdefault(resource, [0.0] * (len(LATENESS_SECONDS) + 1))[int(place)] = float(value)
    bounds = [*(str(float(bound)) for bound in LATENESS_SECONDS), "+Inf"]
    for resource, numbers in counts.items():
        family.add_metric([resource], list(zip(bounds, accumulate(numbers), strict=True)), sums.get(resource, 0.0))
    return family


REGISTRY.register(FromWorkers())
