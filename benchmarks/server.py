"""Web servers as production runs them: granian, with the data plane or with Django alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.errors import BenchmarkError
from benchmarks.installation import PROJECT
from glucose_platform.server import whole_platform

FORMER_WORKERS = 2
FORMER_THREADS = 8
START_SECONDS = 60
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@contextmanager
def edge_server(directory: Path, *, workers: int = 1) -> Iterator[Server]:
    """The platform over ASGI. Its log stays in ``directory``."""
    port = free_port()
    command = (*whole_platform(port=port), "--workers", str(workers))
    with _running(command, port, {}, directory / "edge.log") as server:
        yield server


@contextmanager
def former_server(directory: Path) -> Iterator[Server]:
    """Django over WSGI, with the views of ``benchmarks.former``."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws",
        "--workers", str(FORMER_WORKERS), "--blocking-threads", str(FORMER_THREADS), "--log-level", "warning",
        "glucose_platform.wsgi:application",
    ]  # fmt: skip
    settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.former.settings"}
    with _running(command, port, settings, directory / "former.log") as server:
        yield server


@contextmanager
def _running(command: Sequence[str], port: int, settings: dict[str, str], log_file: Path) -> Iterator[Server]:
    # Serving processes refuse to start where the owner's address is given.
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    with log_file.open("w+b") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env={**environment, "GLUCOSE_PROCESS": "web", **settings}, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_until_it_answers(port, process)
            yield Server(port, process.pid)
        except BenchmarkError as error:
            if said := log_file.read_text()[-2000:].strip():
                raise BenchmarkError(f"{error}\nThe end of the server's log:\n{said}") from error
            raise
        finally:
            end_process(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise BenchmarkError("The web server did not answer.")


def end_process(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
