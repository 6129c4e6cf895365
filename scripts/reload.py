"""Runs a command, and starts it anew when a Python file of the project changes: for development in containers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

PROJECT = Path(__file__).resolve().parent.parent
LOOK_SECONDS = 1.0
STOP_SECONDS = 40


def newest() -> float:
    """Looked at, not listened for: a mounted directory of another system sends no events."""
    watched = (each for each in PROJECT.iterdir() if each.is_dir() and each.name != "var" and each.name[0] != ".")
    latest = 0.0
    for directory in watched:
        for path in directory.rglob("*.py"):
            # Editors write beside a file and rename.
            with suppress(FileNotFoundError):
                latest = max(latest, path.stat().st_mtime)
    return latest


def stop(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, leave)
    while True:
        seen = newest()
        process = subprocess.Popen(command)
        try:
            # A command that ended by itself waits for the next change too: the mistake is about to be mended.
            while newest() == seen:
                time.sleep(LOOK_SECONDS)
        finally:
            stop(process)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
