"""Clinics at work while things break: the ledger of ``manage.py loadtest`` finds everything, or names what is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from tests.faults.installation import Installation, installation, kill_group, wait_until
from tests.faults.loading import Load, evaluator, load, start_evaluator
from tests.faults.pooler import pooled
from tests.faults.replica import replicated

pytestmark = [pytest.mark.slow, pytest.mark.promise(1), pytest.mark.timeout(400)]
nightly = pytest.mark.nightly
# Two readings a device and second are the most that this installation takes; one in three seconds leaves it room.
SPEED = 100
BY_DAY = "clinics=2,patients=10,minutes=0.2,staff=1,phones=1,jumps=1"
AT_NIGHT = "clinics=3,patients=20,minutes=1,staff=2,phones=2,jumps=2"
DELETE_ONE = """
DELETE FROM readings_glucosereading WHERE (organization_id, patient_id, measured_at, device_id) = (
    SELECT reading.organization_id, reading.patient_id, reading.measured_at, reading.device_id
      FROM readings_glucosereading reading
      JOIN devices_device device ON device.organization_id = reading.organization_id AND device.id = reading.device_id
     WHERE device.code LIKE 'LOAD%' ORDER BY reading.received_at DESC LIMIT 1)
RETURNING measured_at
"""
Running = list[subprocess.Popen[bytes]]


def kill_processes(system: Installation, evaluators: Running) -> None:
    kill_group(evaluators[-1])
    system.kill_server()
    system.start_server()
    evaluators.append(start_evaluator(system))


def kill_postgres(system: Installation, evaluators: Running) -> None:
    system.kill("PostgreSQL")
    system.start_services()


def flush_valkey(system: Installation, evaluators: Running) -> None:
    """Everything that is in it: limits, slots, events, tasks, and what signs of life there are."""
    redis.Redis.from_url(system.environment["REDIS_URL"]).flushall()


@pytest.mark.parametrize(
    ("scenario", "happens"),
    [
        (BY_DAY, kill_processes),
        *(pytest.param(AT_NIGHT, each, marks=nightly) for each in (kill_processes, kill_postgres, flush_valkey)),
    ],
)
def test_clinics_lose_nothing(
    system: Installation, tmp_path: Path, scenario: str, happens: Callable[[Installation, Running], None]
) -> None:
    with evaluator(system) as evaluators, load(system, scenario, speed=SPEED, directory=tmp_path) as running:
        running.wait_for_readings(20)
        happens(system, evaluators)
        refuse_losses(running)


def test_the_ledger_names_a_row_that_is_gone(system: Installation, tmp_path: Path) -> None:
    with evaluator(system), load(system, BY_DAY, speed=SPEED, directory=tmp_path) as running:
        running.wait_for_readings(20)
        with psycopg.connect(system.environment["DATABASE_OWNER_URL"]) as owner:
            gone = owner.execute(DELETE_ONE).fetchall()
        code, report, said = running.finish()
    assert len(gone) == 1
    assert code == 1, said
    missing = [problem for problem in report["ledger"]["problems"] if "was acknowledged with" in problem]
    assert len(missing) == 1, report["ledger"]["problems"]
    assert gone[0][0].strftime("%H:%M:%S") in missing[0]
    assert report["ledger"]["stored"] == report["ledger"]["acknowledged"] - 1


@nightly
@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="PgBouncer is not there: apt install pgbouncer")
def test_clinics_lose_nothing_through_a_pooler(tmp_path: Path) -> None:
    with installation(tmp_path / "state", devices=1) as system, pooled(system):
        system.start_server()
        with evaluator(system), load(system, AT_NIGHT, speed=SPEED, directory=tmp_path) as running:
            refuse_losses(running)


@nightly
def test_clinics_lose_nothing_where_a_replica_takes_over(tmp_path: Path) -> None:
    with installation(tmp_path / "state", devices=1) as system, replicated(system) as replica:
        system.start_server()
        with evaluator(system), load(system, AT_NIGHT, speed=SPEED, directory=tmp_path) as running:
            running.wait_for_readings(60)
            system.kill("PostgreSQL")
            replica.promote()
            refuse_losses(running)


@nightly
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_clinics_lose_nothing_where_the_disk_is_full_for_a_while() -> None:
    place = Path(tempfile.mkdtemp(prefix="glucose-full-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=320m,mode=0711", "tmpfs", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        place.rmdir()
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        fill_and_empty(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


def fill_and_empty(place: Path) -> None:
    with installation(place / "state", devices=1) as system:
        system.start_server()
        with (
            tempfile.TemporaryDirectory() as directory,
            evaluator(system),
            load(system, AT_NIGHT, speed=SPEED, directory=Path(directory)) as running,
        ):
            running.wait_for_readings(60)
            ballast = place / "ballast"
            fill(ballast)
            wait_until(lambda: not takes_a_reading(system), 60)
            ballast.unlink()
            system.start_services()
            refuse_losses(running)


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            return


def takes_a_reading(system: Installation) -> bool:
    status = system.post_one(0)
    assert status in {201, 409, 429, 503}, status
    return status != 503


def refuse_losses(running: Load) -> None:
    code, report, said = running.finish()
    assert code == 0, said
    assert report["ledger"]["problems"] == []
    assert report["ledger"]["alarmsFound"] == report["ledger"]["alarmsCalledFor"] > 0
