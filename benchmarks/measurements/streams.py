"""From a reading's arrival to the open streams of its clinic, and from an urgent low to its channel."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError
from benchmarks.installation import PROJECT
from benchmarks.live.clinics import make_clinics
from benchmarks.live.listening import Heard, listen_and_post
from benchmarks.report import Figure, Target
from benchmarks.server import end_process, free_port

CLINICS, STREAMS, RATE, SECONDS = 100, 1_000, 200, 30
QUICK_CLINICS, QUICK_STREAMS, QUICK_RATE, QUICK_SECONDS = 4, 12, 20, 3
LOWS = 50
# ``received_at`` is the beginning of the transaction that stores a reading: figures from it hold the commit as well.
RECEIVED = """
SELECT device.code, extract(epoch FROM reading.received_at)::float8
  FROM readings_glucosereading reading
  JOIN devices_device device ON device.organization_id = reading.organization_id AND device.id = reading.device_id
 WHERE device.code = ANY (%s) AND reading.received_at > now() - interval '4 minutes'
"""
ALARMS = """
SELECT delivery.idempotency_key::text, max(extract(epoch FROM reading.received_at)::float8),
       max(extract(epoch FROM delivery.created_at)::float8)
  FROM alerts_delivery delivery
  JOIN alerts_episode episode
    ON episode.organization_id = delivery.organization_id AND episode.id = delivery.episode_id
  JOIN readings_glucosereading reading
    ON reading.organization_id = episode.organization_id AND reading.patient_id = episode.patient_id
 WHERE episode.rule_code = 'urgent_low' AND delivery.reason = 'opened'
 GROUP BY delivery.idempotency_key
"""
ALARM_PROCESSES = (
    (sys.executable, "manage.py", "evaluate_alarms"),
    (sys.executable, "-m", "celery", "--quiet", "--app", "glucose_platform", "worker", "--concurrency", "2",
     "--loglevel", "CRITICAL"),
)  # fmt: skip


def measure(bench: Bench) -> Iterator[Figure]:
    is_full = bench.seconds > 1
    clinics, streams = (CLINICS, STREAMS) if is_full else (QUICK_CLINICS, QUICK_STREAMS)
    rate, seconds = (RATE, SECONDS) if is_full else (QUICK_RATE, QUICK_SECONDS)
    port = free_port()
    made = make_clinics(clinics, devices=rate * seconds + 1, receiver_port=port)
    with _more_streams_of_a_person(streams), bench.edge() as server, _alarm_processes(bench.directory / "alarms.log"):
        bench.say(f"  opening {streams:,} streams of {clinics} clinics")
        heard = asyncio.run(
            listen_and_post(
                port=server.port, receiver_port=port, tokens=made.tokens, streams=streams, devices=made.devices,
                lows=LOWS, rate=rate,
            )
        )  # fmt: skip
    if heard.closed:
        raise BenchmarkError(f"{heard.closed} streams were closed.")
    received = dict(_asked(RECEIVED, [[device.code for device in made.devices]]))
    alarms = _asked(ALARMS, [])
    yield _events(heard, received, streams=streams, each=streams // clinics, rate=rate)
    yield _messages(heard, alarms, lows=-(-heard.posted // LOWS))


def _events(heard: Heard, received: dict[str, float], *, streams: int, each: int, rate: float) -> Figure:
    times = [at - received[code] for code, instants in heard.readings.items() for at in instants if code in received]
    if len(times) != heard.posted * each:
        raise BenchmarkError(f"{heard.posted} readings came as {len(times)} events instead of {heard.posted * each}.")
    return Figure(
        f"readings with {streams:,} open streams, from arrival to the event at a client", "readings/s",
        heard.posted / heard.seconds, "the rate they were posted at", rate,
        {**percentiles(times), "events": len(times)}, Target(must=0.95, aim=0.99, p99_ms=1000),
    )  # fmt: skip


def _messages(heard: Heard, alarms: Sequence[tuple[Any, ...]], *, lows: int) -> Figure:
    """``found p...``: of that time, until the message lay in the outbox, by the beginning of the evaluator's look."""
    times = [heard.messages[key] - at for key, at, _ in alarms if key in heard.messages]
    found = [planned_at - at for key, at, planned_at in alarms if key in heard.messages]
    if not times:
        raise BenchmarkError("No urgent low came to its channel.")
    figures = percentiles(times) | {f"found {name}": value for name, value in percentiles(found).items()}
    return Figure(
        "urgent lows among them, from arrival to hand-over to the channel", "messages", len(times),
        "urgent lows that were posted", lows, figures, Target(must=1, aim=1, p99_ms=5000),
    )  # fmt: skip


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    places = {percent: min(len(ordered) - 1, len(ordered) * percent // 100) for percent in (50, 95, 99)}
    return {f"p{percent} ms": round(1000 * ordered[place], 1) for percent, place in places.items()}


def _asked(statement: str, parameters: list[list[str]]) -> list[tuple[Any, ...]]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        return owner.execute(statement.encode(), parameters).fetchall()


@contextmanager
def _more_streams_of_a_person(streams: int) -> Iterator[None]:
    with patch.dict(os.environ, {"LIVE_STREAMS_PER_PERSON": str(streams)}):
        yield


@contextmanager
def _alarm_processes(log_file: Path) -> Iterator[None]:
    """An evaluator and two workers."""
    served = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    served |= {"GLUCOSE_PROCESS": "worker", "DJANGO_SETTINGS_MODULE": "benchmarks.live.settings", "LOG_LEVEL": "ERROR"}
    with log_file.open("w+b") as log:
        started = [
            subprocess.Popen(command, cwd=PROJECT, env=served, start_new_session=True, stdout=log, stderr=log)
            for command in ALARM_PROCESSES
        ]
        try:
            yield
        except BenchmarkError as error:
            raise BenchmarkError(f"{error}\nThe end of the log:\n{log_file.read_text()[-2000:]}") from error
        finally:
            for process in started:
                end_process(process)
