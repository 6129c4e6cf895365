"""The web server as production runs it: granian over WSGI."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.errors import BenchmarkError
from benchmarks.installation import PROJECT

WORKERS = 2
THREADS = 8
START_SECONDS = 60
STOP_SECONDS = 20


@contextmanager
def server(directory: Path) -> Iterator[int]:
    """The port of a running server. Its log stays in ``directory``."""
    port = _free_port()
    # Serving processes refuse to start where the owner's address is given.
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--no-ws", "glucose_platform.wsgi:application",
    ]  # fmt: skip
    with (directory / "server.log").open("w+b") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env={**environment, "GLUCOSE_PROCESS": "web"}, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait_until_it_answers(port, process, Path(log.name))
            yield port
        finally:
            _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise BenchmarkError(f"The web server did not answer. The end of its log:\n{log.read_text()[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
