"""A running web server, as in production: its own process, real HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from glucose_platform.server import whole_platform

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server(
    *, threads: int = 8, environment: dict[str, str] | None = None, port: int | None = None
) -> Iterator[str]:
    """The address of a server over this test process's database. Owner credentials are not handed to it."""
    port = port or free_port()
    child = {key: value for key, value in os.environ.items() if key != "DATABASE_OWNER_URL"}
    child |= {"GLUCOSE_PROCESS": "web", "LOG_LEVEL": "ERROR", "WEB_THREADS": str(threads), "DB_POOL_MAX": str(threads)}
    process = subprocess.Popen(
        whole_platform(port=port, log_level="error"), cwd=PROJECT, env={**child, **(environment or {})}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_answers(address, process)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_answers(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode} before it answered.")
        try:
            if httpx.get(f"{address}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not answer within {START_SECONDS} s.")
