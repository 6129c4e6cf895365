"""The current value, as phones and wards ask for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks import workloads
from benchmarks.bench import Bench, Run
from benchmarks.devices import BenchmarkDevice
from benchmarks.fleet import CLINICS
from benchmarks.report import Figure, Target
from benchmarks.server import FORMER_THREADS, FORMER_WORKERS, Server, former_server
from benchmarks.transactions import read_current_state
from benchmarks.workloads import Workload

CONNECTIONS = 64
PATIENTS = 1_000
# Of each person. The warm-up writes the first look at each into the ledger; later ones are counted, as all day long.
PATIENTS_OF_PERSON = 4
# By workers: the targets against the former view and against pgbench.
RUNS = {1: (Target(must=5, aim=8), Target(must=0.6, aim=1.0)), 2: (None, None)}
SELECT = f"SELECT of the state in pgbench, {CONNECTIONS} clients"
FORMER = f"plain Django view, granian WSGI, {FORMER_WORKERS} workers x {FORMER_THREADS} threads"


def measure(bench: Bench) -> Iterator[Figure]:
    devices = bench.fleet.make_devices(PATIENTS)
    bench.say(f"  signing in {bench.people} people")
    people = bench.fleet.access_tokens(bench.people)
    work = reads(devices, people, PATIENTS_OF_PERSON)
    bench.say("  the former view")
    with former_server(bench.directory) as server:
        former = _run(bench, server, work, "former")
    bench.say("  pgbench")
    select, select_details = bench.pgbench(read_current_state(bench.fleet, devices), clients=CONNECTIONS)
    covered = 0.0
    for workers, targets in RUNS.items():
        bench.say(f"  the data plane, {workers} of it")
        title = f"current value, {CONNECTIONS} connections, {workers} worker{'s' if workers > 1 else ''}"
        with bench.edge(workers=workers) as server:
            run = _run(bench, server, work, f"current-{workers}")
        covered = covered or run.rate
        yield Figure(title, "reads/s", run.rate, FORMER, former.rate, run.details, targets[0])
        yield Figure(title, "reads/s", run.rate, SELECT, select, select_details, targets[1])
    yield _first_looks(bench, people, covered)


def _run(bench: Bench, server: Server, work: Workload, name: str) -> Run:
    for _ in range(2):
        bench.warm_up(server, work, connections=CONNECTIONS)
    return bench.load(server, work, connections=CONNECTIONS, name=name)


def _first_looks(bench: Bench, people: list[tuple[int, str]], covered: float) -> Figure:
    """Each of these people looks at patients of the clinic whom they have not seen: no look is covered."""
    patients = math.ceil(covered * bench.seconds / len(people)) + 1
    devices = bench.fleet.make_devices(patients * CLINICS)
    bench.say("  first looks")
    with bench.edge() as server:
        work = reads(devices, people, patients)
        run = bench.load(server, work, connections=CONNECTIONS, name="current-first")
    return Figure(
        "current value, every look with an entry of its own", "reads/s", run.rate,
        "looks that an earlier entry covers", covered, run.details,
    )  # fmt: skip


def reads(devices: Sequence[BenchmarkDevice], people: Sequence[tuple[int, str]], patients: int) -> Workload:
    """Each person asks about some of the clinic's patients; all take turns."""
    of_clinic: dict[int, list[BenchmarkDevice]] = {}
    for device in devices:
        of_clinic.setdefault(device.organization_id, []).append(device)
    asked = []
    for turn in range(patients):
        for number, (clinic, token) in enumerate(people):
            there = of_clinic[clinic]
            asked.append((_path(there[(number * patients + turn) % len(there)]), token))
    return workloads.reads(asked)


def _path(device: BenchmarkDevice) -> str:
    return f"/api/v1/users/{device.patient_code}/glucose/current"
