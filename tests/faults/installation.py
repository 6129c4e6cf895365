"""An installation of its own, on a real disk with fsync on, whose processes can be killed."""

from __future__ import annotations

import asyncio
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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
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
    devices: int
    key: str = ""
    server: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None

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
        self.server = self.start("web", *whole_platform(port=self.port, log_level="critical"))
        wait_until_it_answers(self.address, self.server)

    def stop_server(self) -> int:
        """As an orchestrator does; the exit code."""
        assert self.server is not None
        self.server.terminate()
        return self.server.wait(timeout=60)

    def kill_server(self) -> None:
        """The supervisor of the workers and the workers, all at once."""
        kill_group(self.server)

    def start_worker(self) -> None:
        celery = (sys.executable, "-m", "celery", "--quiet", "--app", "glucose_platform", "worker")
        self.worker = self.start("worker", *celery, "--concurrency", "1", "--loglevel", "CRITICAL")

    def kill_worker(self) -> None:
        kill_group(self.worker)

    def start(self, process: str, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        served = {key: value for key, value in self.environment.items() if key != "DATABASE_OWNER_URL"}
        served |= {"GLUCOSE_PROCESS": process, **environment}
        return subprocess.Popen(command, cwd=PROJECT, env=served, start_new_session=True)

    def kill(self, name: str) -> None:
        """PostgreSQL or Valkey; it stays away until ``start_services()``."""
        (service,) = [service for service in embedded.status(self.state_dir).services if service.name == name]
        assert service.pid
        os.kill(service.pid, signal.SIGKILL)

    def start_services(self) -> None:
        embedded.start(self.state_dir)

    def post_one(self, number: int, glucose: int = 100) -> int:
        async def post() -> int:
            async with httpx.AsyncClient(base_url=self.address, timeout=30) as http:
                return await self.post_with(http, number, glucose)

        return asyncio.run(post())

    async def post_with(self, http: httpx.AsyncClient, number: int, glucose: int = 100) -> int:
        path, body = reading_of(number, datetime.now(UTC), glucose)
        return (await http.post(path, json=body, headers={"X-API-Key": self.key})).status_code

    def stored(self) -> list[str]:
        with psycopg.connect(self.environment["DATABASE_OWNER_URL"]) as connection:
            rows = connection.execute(
                "SELECT device.code, measured_at FROM readings_glucosereading reading "
                "JOIN devices_device device ON device.organization_id = reading.organization_id "
                "AND device.id = reading.device_id"
            ).fetchall()
        return [f"{code} {milliseconds(measured_at)}" for code, measured_at in rows]


@contextmanager
def installation(state_dir: Path, *, devices: int) -> Iterator[Installation]:
    services = embedded.start(state_dir)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "REDIS_"))}
    environment = kept | services.environment() | {
        "APP_ENV": "test", "SECRET_KEY": secrets.token_urlsafe(48), "LOG_LEVEL": "CRITICAL",
        "GLUCOSE_STATE_DIR": str(state_dir), "MAX_GLUCOSE_READING_RATE": "1", "LIMIT_DEVICE_WRITES": "1000000/minute",
    }  # fmt: skip
    made = Installation(state_dir, environment, free_port(), devices)
    try:
        made.manage("migrate", "--skip-checks", "--verbosity", "0")
        script = SETUP.replace("DEVICES", str(devices))
        made.key = json.loads(made.manage("shell", "--no-imports", "--verbosity", "0", standard_input=script))
        yield made
    finally:
        made.kill_server()
        made.kill_worker()
        embedded.remove(state_dir)


def reading_of(number: int, at: datetime, glucose: int = 100) -> tuple[str, dict[str, object]]:
    """Path and body."""
    code = f"ARGUS_{number}"
    return f"/api/v1/devices/{code}/readings", {
        "deviceId": code, "userId": f"user_{number}", "timestamp": at.isoformat(), "glucoseValue": glucose,
        "confidence": 0.9, "batteryLevel": 80, "signalQuality": "good",
        "sensorData": {"red": 1, "infrared": 1, "green": 1, "temperature": 36.5, "motionArtifact": False},
    }  # fmt: skip


def milliseconds(at: datetime) -> int:
    """Since 1970, by whole numbers alone: what is stored is cut, not rounded."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def kill_group(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(condition: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
