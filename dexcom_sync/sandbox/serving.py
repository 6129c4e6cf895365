"""How the sandbox's process is started. This module and what it imports are all that the command loads."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from dexcom_sync.sandbox.world import Start

PROJECT = Path(__file__).resolve().parent.parent.parent
START_VARIABLE = "DEXCOM_SANDBOX_START"


class ProductionRefused(RuntimeError):
    pass


def refuse_production(environ: Mapping[str, str] = os.environ) -> None:
    if environ.get("APP_ENV", "").strip().lower() == "production":
        raise ProductionRefused(
            "The Dexcom sandbox does not start where APP_ENV is production: nobody's simulated data belong there."
        )


def command(*, host: str = "127.0.0.1", port: int) -> tuple[str, ...]:
    """One worker: the state of the sandbox lives in one process. A cut connection is an error in the server's log."""
    return (
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--workers", "1", "--no-ws",
        "--host", host, "--port", str(port), "--log-level", "critical", "--working-dir", str(PROJECT),
        "dexcom_sync.sandbox.app:from_environment",
    )  # fmt: skip


def environment(start: Start, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    return {**environ, START_VARIABLE: msgspec.json.encode(start).decode()}
