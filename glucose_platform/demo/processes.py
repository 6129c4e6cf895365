"""The demo's processes: those that run once at the start, and those that the supervisor keeps alive."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from glucose_platform.demo import dexcom
from glucose_platform.demo.places import DemoError
from glucose_platform.server import PROJECT, WITHOUT_OWNER, whole_platform
from glucose_platform.supervisor import Child

# One process: faster than two on two cores, and its metrics are complete.
WEB = {"GLUCOSE_PROCESS": "web", "WEB_THREADS": "4"}
# Celery warns of root because of pickled tasks; ours are JSON.
QUIET_ABOUT_ROOT = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}


def refuse_busy_port(port: int) -> None:
    """Asked before anything starts: the web server shares its port, so it would not notice another one."""
    if not 0 < port < 65_536:
        raise DemoError(f"{port} is no port. Choose one from 1024 to 65535: make demo PORT=8001")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise DemoError(f"Port {port} needs root. Choose one from 1024 on: make demo PORT=8001") from None
        except OSError:
            raise DemoError(
                f"Port {port} is in use already. Stop what uses it, or choose another one: make demo PORT={port + 1}"
            ) from None


def manage(*arguments: str) -> None:
    """One management command, in a process that reads the settings as they are now."""
    completed = subprocess.run([sys.executable, str(PROJECT / "manage.py"), *arguments], cwd=PROJECT, check=False)
    if completed.returncode != 0:
        raise DemoError(f"`manage.py {' '.join(arguments)}` failed; its message stands above.")


def children(port: int) -> list[Child]:
    python = sys.executable
    address = f"http://127.0.0.1:{port}"
    celery = (python, "-m", "celery", "--quiet", "--app", "glucose_platform", "--workdir", str(PROJECT))
    worker = (*celery, "worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")
    beat = (*celery, "beat", "--loglevel", "WARNING", "--pidfile=")
    alarms = (python, str(PROJECT / "manage.py"), "evaluate_alarms")
    devices = (python, str(PROJECT / "manage.py"), "demo_devices", "--url", address, "--history")
    sandbox = dexcom.sandbox_process()
    return [
        _child("web", whole_platform(port=port), WEB, 2, ready_at=f"{address}/health"),
        _child("worker", worker, {"GLUCOSE_PROCESS": "worker", **QUIET_ABOUT_ROOT}, 1),
        _child("alarms", alarms, {"GLUCOSE_PROCESS": "worker"}, 1),
        _child("beat", beat, {"GLUCOSE_PROCESS": "worker"}, 0),
        _child("devices", devices, {}, 0),
        *([_child("dexcom", *sandbox, 0)] if sandbox else []),
    ]


def _child(
    name: str, argv: tuple[str, ...], env: Mapping[str, str], stop_order: int, ready_at: str | None = None
) -> Child:
    ready = (lambda: _answers(ready_at)) if ready_at else None
    return Child(name=name, argv=argv, env={**WITHOUT_OWNER, **env}, stop_order=stop_order, ready=ready)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310  loopback, our own child
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def set_environment(*, port: int, secret_key_file: Path) -> None:
    """What this process and all its children run with. What the user has set stays, save the kind of environment."""
    os.environ["APP_ENV"] = "demo"
    os.environ.setdefault("SECRET_KEY_FILE", str(secret_key_file))
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("PUBLIC_URL", f"http://127.0.0.1:{port}")
    os.environ["PORT"] = str(port)
    dexcom.set_environment(address=f"http://127.0.0.1:{port}", port=port)
    os.environ.pop("GLUCOSE_PROCESS", None)
