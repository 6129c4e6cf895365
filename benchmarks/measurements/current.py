"""The current value, as phones and wards ask for it."""

from __future__ import annotations

import math

from benchmarks import pgbench, workloads
from benchmarks.answers import Answers
from benchmarks.bench import Bench
from benchmarks.devices import BenchmarkDevice
from benchmarks.fleet import CLINICS
from benchmarks.processes import CoresUsed
from benchmarks.report import Figure, Target
from benchmarks.server import FORMER_THREADS, FORMER_WORKERS, Server, former_server
from benchmarks.transactions import read_current_state
from benchmarks.workloads import Workload

CONNECTIONS = 64
PATIENTS = 1_000
PEOPLE = 400
# Of each person. The warm-up writes the first look at each into the ledger; later ones are counted, as all day long.
PATIENTS_OF_PERSON = 4
FORMER = f"plain Django view, granian WSGI, {FORMER_WORKERS} workers x {FORMER_THREADS} threads"


def measure(bench: Bench) -> list[Figure]:
    devices = bench.fleet.make_devices(PATIENTS)
    bench.say(f"  signing in {PEOPLE} people")
    people = bench.fleet.access_tokens(PEOPLE)
    work = _reads(devices, people, PATIENTS_OF_PERSON)
    bench.say("  the former view")
    with former_server(bench.directory) as server:
        former, _ = _rate(bench, server, work, "former")
    bench.say("  pgbench")
    select = pgbench.transactions_per_second(
        read_current_state(bench.fleet, devices),
        clients=CONNECTIONS, seconds=bench.seconds, directory=bench.directory,
    )  # fmt: skip
    figures = []
    for workers in (1, 2):
        bench.say(f"  the data plane, {workers} of it")
        with bench.edge(workers=workers) as server:
            answers, cores = _rate(bench, server, work, f"current-{workers}")
        figures += _figures(answers, cores, workers, former.rate(200), select)
    return [*figures, _first_looks(bench, people, figures[0].ours)]


def _figures(answers: Answers, cores: CoresUsed, workers: int, former: float, select: float) -> list[Figure]:
    title = f"current value, {CONNECTIONS} connections, {workers} worker{'s' if workers > 1 else ''}"
    details = {
        "p50 ms": round(answers.milliseconds(50), 1), "p99 ms": round(answers.milliseconds(99), 1), **cores.details(),
    }  # fmt: skip
    rate = answers.rate(200)
    alone = workers == 1
    return [
        Figure(title, "reads/s", rate, FORMER, former, details, Target(must=5, aim=8) if alone else None),
        Figure(
            title, "reads/s", rate, f"SELECT of the state in pgbench, {CONNECTIONS} clients", select, {},
            Target(must=0.6, aim=1.0) if alone else None,
        ),
    ]  # fmt: skip


def _rate(bench: Bench, server: Server, work: Workload, name: str) -> tuple[Answers, CoresUsed]:
    for _ in range(2):
        bench.warm_up(server, work, connections=CONNECTIONS)
    answers, cores = bench.load(server, work, connections=CONNECTIONS, name=name)
    answers.refuse_other_than(200)
    return answers, cores


def _first_looks(bench: Bench, people: list[tuple[int, str]], covered: float) -> Figure:
    """Each of these people looks at patients of the clinic whom they have not seen: no look is covered."""
    patients = math.ceil(covered * bench.seconds / len(people)) + 1
    devices = bench.fleet.make_devices(patients * CLINICS)
    bench.say("  first looks")
    with bench.edge() as server:
        work = _reads(devices, people, patients)
        answers, cores = bench.load(server, work, connections=CONNECTIONS, name="current-first")
    return Figure(
        "current value, every look with an entry of its own", "reads/s", answers.rate(200),
        "looks that an earlier entry covers", covered,
        {"p50 ms": round(answers.milliseconds(50), 1), **cores.details()},
    )  # fmt: skip


def _reads(devices: list[BenchmarkDevice], people: list[tuple[int, str]], patients: int) -> Workload:
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
