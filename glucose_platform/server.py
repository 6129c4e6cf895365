"""How one process that serves the whole platform is started: for the demo, for development and in tests."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# A connection is held as long as its client is slow; a thread or a database connection is not.
MOST_CONNECTIONS = 4096
# More than the data plane takes to commit and answer what it accepted.
STOP_SECONDS = 30

# A serving process refuses the owner's URL; empty stands for "not given" even where the environment has it.
WITHOUT_OWNER = {"DATABASE_OWNER_URL": "", "DATABASE_OWNER_URL_FILE": ""}


def whole_platform(*, host: str = "127.0.0.1", port: int, log_level: str = "warning") -> tuple[str, ...]:
    return (
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", host, "--port", str(port),
        "--backlog", str(MOST_CONNECTIONS), "--backpressure", str(MOST_CONNECTIONS), "--ws",
        "--workers-kill-timeout", str(STOP_SECONDS), "--log-level", log_level, "--working-dir", str(PROJECT),
        "glucose_platform.asgi:application",
    )  # fmt: skip
