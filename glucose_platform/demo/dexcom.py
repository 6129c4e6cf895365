"""The demo's Dexcom: the sandbox as a process of its own, which the demo's people can be connected to."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from dexcom_sync.sandbox.serving import command, environment
from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET, App, Start

BESIDE = 100


def set_environment(*, address: str, port: int) -> None:
    """Whoever has set an application of their own keeps it, and gets no sandbox."""
    if os.environ.get("DEXCOM_CLIENT_ID") or os.environ.get("DEXCOM_CLIENT_ID_FILE"):
        return
    os.environ |= {
        "DEXCOM_CLIENT_ID": CLIENT_ID,
        "DEXCOM_CLIENT_SECRET": CLIENT_SECRET,
        "DEXCOM_ENVIRONMENT": "sandbox",
        "DEXCOM_REDIRECT_URI": f"{address}/auth/callback",
        "DEXCOM_SANDBOX_URL": f"http://127.0.0.1:{_free_port(port + BESIDE)}",
    }
    os.environ.setdefault("DEXCOM_POLL_MINUTES", "5")


def sandbox_process() -> tuple[tuple[str, ...], Mapping[str, str]] | None:
    """Its command and what it needs; None where the demo uses another application."""
    if os.environ.get("DEXCOM_CLIENT_ID") != CLIENT_ID:
        return None
    port = urlsplit(os.environ["DEXCOM_SANDBOX_URL"]).port or 0
    app = App(CLIENT_ID, CLIENT_SECRET, (os.environ["DEXCOM_REDIRECT_URI"],))
    return command(port=port), environment(Start(apps=(app,), live=True), {})


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise OSError("This machine has no free port.")
