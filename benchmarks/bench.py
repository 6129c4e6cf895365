"""What every measurement is given."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.db import connection, connections

from benchmarks import pgbench, wrk
from benchmarks.answers import Answers
from benchmarks.clinic import BenchmarkClinic
from benchmarks.fleet import Fleet
from benchmarks.installation import service_pids
from benchmarks.processes import processor_time
from benchmarks.profiles import profile
from benchmarks.server import Server, edge_server
from benchmarks.transactions import Transaction
from benchmarks.workloads import Workload

WARM_UP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    """Only answers as they should be: ``Bench.load`` raises BenchmarkError otherwise."""

    count: int
    rate: float
    details: dict[str, float]


@dataclass(frozen=True, slots=True)
class Bench:
    """``posts``: of the measurement of memory. ``table_rows``: of the large table. ``profiles``: where they go.

    ``people``: who ask for current values. ``iglu_python``: an interpreter that has it.
    """

    directory: Path
    seconds: float
    import_rows: int
    posts: int
    table_rows: int
    people: int
    profiles: Path | None
    iglu_python: Path | None
    say: Callable[[str], None]
    clinic: BenchmarkClinic = field(default_factory=BenchmarkClinic)
    fleet: Fleet = field(default_factory=Fleet)

    def enter_scope(self, plain: psycopg.Connection) -> None:
        for statement in self.clinic.scope.statements():
            plain.execute(statement.encode())

    def edge(self, *, workers: int = 1) -> AbstractContextManager[Server]:
        return edge_server(self.directory, workers=workers)

    def warm_up(self, server: Server, work: Workload, *, connections: int) -> Answers:
        return self._drive(server, work, connections, min(WARM_UP_SECONDS, self.seconds))

    def load(self, server: Server, work: Workload, *, connections: int, name: str, seconds: float | None = None) -> Run:
        """``name``: of the profile, where one is asked for."""
        servers = {"web": server.pid, **service_pids()}
        with profile(server.pid, self.profiles, name), processor_time(servers) as spent:
            answers = self._drive(server, work, connections, seconds or self.seconds)
        rate, count = answers.rate(work.status), answers.statuses[work.status]
        times = {f"p{percent} ms": round(answers.milliseconds(percent), 1) for percent in (50, 99)}
        return Run(count, rate, {**times, **spent.each(count)})

    def pgbench(self, transaction: Transaction, *, clients: int) -> tuple[float, dict[str, float]]:
        """Transactions in a second, and details for the table: with statements unprepared or prepared, the better."""
        best = 0.0
        details: dict[str, float] = {}
        for prepared in (False, True):
            with processor_time(service_pids()) as spent:
                rate = pgbench.transactions_per_second(
                    transaction, clients=clients, seconds=self.seconds, directory=self.directory, prepared=prepared
                )
            each = spent.each(rate * max(self.seconds, pgbench.SHORTEST_SECONDS))
            name = "prepared" if prepared else "unprepared"
            details |= {f"{name}/s": round(rate), f"{name} PostgreSQL CPU ms": each.get("PostgreSQL CPU ms", 0.0)}
            best = max(best, rate)
        return best, details

    def _drive(self, server: Server, work: Workload, connections: int, seconds: float) -> Answers:
        return wrk.drive(server.port, work, connections=connections, seconds=seconds, directory=self.directory)


def plain_connection() -> psycopg.Connection:
    """Beside Django, as the app role: what a plain client of the database does."""
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@contextmanager
def django_as_owner() -> Iterator[None]:
    """Django's connection as the role that row-level security does not bind."""
    credentials = ("USER", "PASSWORD")
    former = {name: connection.settings_dict[name] for name in credentials}
    connection.close()
    connection.settings_dict.update({name: connections["owner"].settings_dict[name] for name in credentials})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(former)
