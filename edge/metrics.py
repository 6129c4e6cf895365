"""What the data plane tells Prometheus of itself; answers are counted with everybody else's in ``tenancy.metrics``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prometheus_client import Counter, Gauge, Histogram

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)

WAITING = Gauge("glucose_edge_waiting", "Items that wait for their piece of work", ["group"])
GROUP_ITEMS = Histogram("glucose_edge_group_items", "Items of one piece of work", ["group"], buckets=SIZES)
GROUP_SECONDS = Histogram("glucose_edge_group_seconds", "Time of one piece of work", ["group"], buckets=SECONDS)
GROUPS_FAILED = Counter("glucose_edge_groups_failed_total", "Pieces of work that failed as a whole", ["group"])
OVERLOADS = Counter("glucose_edge_overloads_total", "Items refused because too many waited", ["group"])
TRANSACTIONS = Counter("glucose_edge_transactions_total", "Transactions by how they ended", ["result"])
READINGS = Counter("glucose_readings_total", "Readings that devices sent, by what became of them", ["form", "result"])
COMMANDS = Counter("glucose_commands_given_total", "Commands handed to devices, each time it is given")
POOL = Gauge("glucose_edge_pool", "Connections open and idle, and who waits for one", ["what"])


class GroupMetrics:
    """The figures of one group; looked up once, since a look-up by label costs more than counting."""

    def __init__(self, name: str, waiting: Callable[[], int]) -> None:
        WAITING.labels(name).set_function(waiting)
        self._items = GROUP_ITEMS.labels(name)
        self._seconds = GROUP_SECONDS.labels(name)
        self._failed = GROUPS_FAILED.labels(name)
        self._overloads = OVERLOADS.labels(name)

    def refused(self) -> None:
        self._overloads.inc()

    def done(self, *, items: int, seconds: float, failed: bool) -> None:
        self._items.observe(items)
        self._seconds.observe(seconds)
        if failed:
            self._failed.inc()


def watch_pool(stats: Callable[[], dict[str, int]]) -> None:
    """``stats``: of psycopg_pool."""
    for what, name in (("open", "pool_size"), ("idle", "pool_available"), ("waiting", "requests_waiting")):
        POOL.labels(what).set_function(partial(_figure, stats, name))


def _figure(stats: Callable[[], dict[str, int]], name: str) -> float:
    return stats().get(name, 0)
