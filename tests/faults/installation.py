"""An installation of its own, on a real disk with fsync on, whose processes can be killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from glucose_platform import embedded
from glucose_platform.server import whole_platform
from tests.live import PROJECT, free_port, wait_until_it_answers

SETUP = """
import json, sys
from datetime import UTC, datetime
from django.db import transaction
from devices.models import Assignment, Device
from devices.services import issue_key
from patients.models import Patient
from tenancy.managers import audited_elsewhere
from tenancy.scope import organization_scope
from tenancy.services import create_organization
organization = create_organization(code="faults", name="Faults")
with organization_scope(organization.id), transaction.atomic(), audited_elsewhere("a test"):
    numbers = range(DEVICES)
    patients = Patient.objects.bulk_create([Patient(code=f"user_{n}", first_name="A", last_name="B") for n in numbers])
    devices = Device.objects.bulk_create([Device(code=f"ARGUS_{n}") for n in numbers])
    since = datetime(2020, 1, 1, tzinfo=UTC)
    pairs = zip(devices, patients, strict=True)
    Assignment.objects.bulk_create([Assignment(device=d, patient=p, starts_at=since) for d, p in pairs])
    print(json.dumps(issue_key(device=None).text))
"""


@dataclass
class Installation:
    state_dir: Path
    environment: dict[str, str]
    port: int
    key: str = ""
    server: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str, standard_input: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT, env=self.environment, input=standard_input, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_server(self) -> None:
        served = {key: value for key, value in self.environment.items() if key != "DATABASE_OWNER_URL"}
        self.server = subprocess.Popen(
            whole_platform(port=self.port, log_level="critical"),
            cwd=PROJECT,
            env={**served, "GLUCOSE_PROCESS": "web"},
            start_new_session=True,
        )
        wait_until_it_answers(self.address, self.server)

    def kill_server(self) -> None:
        """The supervisor of the workers and the workers, all at once."""
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()

    def kill_postgres(self) -> None:
        postmaster = next(service for service in embedded.status(self.state_dir).services if service.pid)
        assert postmaster.name == "PostgreSQL"
        assert postmaster.pid
        os.kill(postmaster.pid, signal.SIGKILL)
        embedded.start(self.state_dir)

    def stored(self) -> set[str]:
        with psycopg.connect(self.environment["DATABASE_OWNER_URL"]) as connection:
            rows = connection.execute(
                "SELECT device.code, measured_at FROM readings_glucosereading reading "
                "JOIN devices_device device ON device.organization_id = reading.organization_id "
                "AND device.id = reading.device_id"
            ).fetchall()
        return {f"{code} {measured_at.timestamp():.3f}" for code, measured_at in rows}


@contextmanager
def installation(state_dir: Path, *, devices: int) -> Iterator[Installation]:
    services = embedded.start(state_dir)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "REDIS_"))}
    environment = kept | services.environment() | {
        "APP_ENV": "test", "SECRET_KEY": secrets.token_urlsafe(48), "LOG_LEVEL": "CRITICAL",
        "GLUCOSE_STATE_DIR": str(state_dir),
    }  # fmt: skip
    made = Installation(state_dir, environment, free_port())
    try:
        made.manage("migrate", "--skip-checks", "--verbosity", "0")
        script = SETUP.replace("DEVICES", str(devices))
        made.key = json.loads(made.manage("shell", "--no-imports", "--verbosity", "0", standard_input=script))
        yield made
    finally:
        made.kill_server()
        embedded.remove(state_dir)


def wait_until(condition: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
