"""A web server for development, which starts anew when our Python files change."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glucose_platform.server import PROJECT, STOP_SECONDS, WITHOUT_OWNER, whole_platform

WATCH_SECONDS = 1.0


def serve(*, host: str, port: int, reload: bool, say: Callable[[str], Any]) -> int:
    """The exit code. A server that ends by itself while files are watched is started with the next change."""
    argv = whole_platform(host=host, port=port)
    environment = {**os.environ, **WITHOUT_OWNER, "GLUCOSE_PROCESS": "web", "PORT": os.environ.get("PORT") or str(port)}
    with _stopping() as stop:
        while True:
            files = _files() if reload else {}
            process = subprocess.Popen(argv, cwd=PROJECT, env=environment, start_new_session=True)
            try:
                changed = _wait(process, files, stop, reload)
            finally:
                _end(process)
            if not changed:
                return 0 if stop.is_set() else process.returncode
            say(f"{changed} changed. Starting again …")


def _wait(process: subprocess.Popen[bytes], files: Mapping[Path, float], stop: threading.Event, reload: bool) -> str:
    """The file that changed, or nothing where the server is to end."""
    while not stop.wait(WATCH_SECONDS):
        if not reload:
            if process.poll() is not None:
                return ""
        elif (now := _files()) != files:
            return str(min(path for path, _ in now.items() ^ files.items()).relative_to(PROJECT))
    return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _files() -> dict[Path, float]:
    """When each was changed. Only what lies in a package: not the environment, not the data."""
    found = {}
    for package in PROJECT.glob("*/__init__.py"):
        for path in package.parent.rglob("*.py"):
            try:
                found[path] = path.stat().st_mtime
            except FileNotFoundError:
                continue
    return found


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
