"""The scenario of ``manage.py loadtest`` against an installation, while something happens to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.installation import Installation, kill_group, wait_until
from tests.live import PROJECT

STORED = """
SELECT count(*) FROM readings_glucosereading reading
  JOIN devices_device device ON device.organization_id = reading.organization_id AND device.id = reading.device_id
 WHERE device.code LIKE 'LOAD%'
"""
PATIENCE_SECONDS = 120


@dataclass
class Load:
    system: Installation
    process: subprocess.Popen[str]
    report: Path
    before: int

    def wait_for_readings(self, number: int) -> None:
        """So many more than there were at the beginning."""
        wait_until(lambda: stored(self.system) - self.before >= number or self._has_ended(), PATIENCE_SECONDS)

    def finish(self) -> tuple[int, dict[str, Any], str]:
        """The exit code, the report, and what was said."""
        said, _ = self.process.communicate(timeout=2 * PATIENCE_SECONDS)
        report = json.loads(self.report.read_text()) if self.report.exists() else {}
        return self.process.returncode, report, said

    def _has_ended(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def load(system: Installation, scenario: str, *, speed: float, directory: Path) -> Iterator[Load]:
    """Beside an evaluator, which has to be running already."""
    report = directory / "report.json"
    process = subprocess.Popen(
        [
            *(sys.executable, "manage.py", "loadtest", "--url", system.address, "--scenario", scenario),
            *("--speed", str(speed), "--json", str(report)),
        ],
        cwd=PROJECT, env=system.environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield Load(system, process, report, stored(system))
    finally:
        if process.poll() is None:
            kill_group(process)  # type: ignore[arg-type]


@contextmanager
def evaluator(system: Installation) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The last one of the list is the one that runs."""
    running = [start_evaluator(system)]
    try:
        yield running
    finally:
        kill_group(running[-1])


def start_evaluator(system: Installation) -> subprocess.Popen[bytes]:
    return system.start("worker", sys.executable, "manage.py", "evaluate_alarms", "--interval", "0.2")


def stored(system: Installation) -> int:
    """0 while the database is away."""
    with suppress(psycopg.OperationalError), psycopg.connect(system.environment["DATABASE_OWNER_URL"]) as connection:
        row = connection.execute(STORED).fetchone()
        return int(row[0]) if row else 0
    return 0
