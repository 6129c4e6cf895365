"""Runs named child processes side by side with prefixed output, restarts what dies, and stops all of them in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import TextIO

GUARD = Path(__file__).with_name("supervisor_guard.py")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COLOURS = (36, 33, 32, 35, 34, 31)
LONGEST_LINE = 64 * 1024
TICK_SECONDS = 0.1
RESTARTS = 3
RESTART_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Child:
    """``env`` is added to the supervisor's own environment; a smaller ``stop_order`` is stopped earlier.

    ``ready`` is asked about ten times a second in the supervisor's loop, so it must answer quickly.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_order: int = 0
    stop_seconds: float = 10.0
    ready: Callable[[], bool] | None = None


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    reader: threading.Thread | None = None
    restarts: deque[float] = field(default_factory=deque)
    start_at: float = 0.0


class Supervisor:
    """``run()`` returns 0 after Ctrl-C, SIGTERM or SIGHUP, and 1 when a child could not be kept alive.

    Call it from the main thread: it handles signals. A second Ctrl-C stops the children without waiting for them.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        on_ready: Callable[[], None] | None = None,
        output: TextIO | None = None,
    ) -> None:
        self._running = [_Running(child) for child in children]
        self._on_ready = on_ready
        self._output = output or sys.stdout
        self._coloured = self._output.isatty() and "NO_COLOR" not in os.environ
        self._width = max((len(child.name) for child in children), default=0)
        self._writing = threading.Lock()
        self._stop_requests = 0
        self._last_request = 0.0
        self._code: int | None = None

    def run(self) -> int:
        with self._handled_signals(), self._guarded():
            try:
                for running in self._running:
                    self._start(running)
                while self._code is None and not self._stop_requests:
                    self._look_after_children()
                    self._announce_when_ready()
                    time.sleep(TICK_SECONDS)
            finally:
                self._stop_all()
        return self._code or 0

    @contextmanager
    def _handled_signals(self) -> Iterator[None]:
        former = {number: signal.signal(number, self._request_stop) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """A process of its own that sees the end of this one even after kill -9."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            if self._guard.stdin:
                self._guard.stdin.close()
            self._guard.wait()

    def _tell_guard(self, group: int) -> None:
        if self._guard.stdin is None:
            return
        try:
            self._guard.stdin.write(f"{group}\n".encode())
            self._guard.stdin.flush()
        except BrokenPipeError:
            self._say("The guard process was ended; if this supervisor is killed, its children will live on.")

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        # Only plain attributes: a handler may interrupt any line, also one that holds a lock it would need.
        # One key press can arrive twice (``timeout`` signals its child and then the whole group).
        now = time.monotonic()
        if now - self._last_request > 1:
            self._stop_requests += 1
            self._last_request = now

    def _start(self, running: _Running) -> None:
        child = running.child
        try:
            process = subprocess.Popen(
                child.argv,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **child.env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,  # a terminal's Ctrl-C reaches the supervisor only, which keeps the order
            )
        except OSError as error:
            self._say(f"{child.name} cannot be started: {error}")
            self._code = 1
            return
        self._tell_guard(process.pid)
        running.process, running.start_at = process, 0.0
        running.reader = threading.Thread(target=self._copy_output, args=(child, process), daemon=True)
        running.reader.start()

    def _look_after_children(self) -> None:
        for running in self._running:
            if running.process is not None and running.process.poll() is not None:
                self._after_death(running, running.process)
            elif running.process is None and running.start_at and time.monotonic() >= running.start_at:
                self._start(running)

    def _after_death(self, running: _Running, process: subprocess.Popen[bytes]) -> None:
        name, now = running.child.name, time.monotonic()
        self._finish(running, process)
        while running.restarts and now - running.restarts[0] > RESTART_WINDOW_SECONDS:
            running.restarts.popleft()
        reason = _reason(process.returncode)
        if len(running.restarts) == RESTARTS:
            self._say(f"{name} {reason}. It was restarted {RESTARTS} times within a minute; stopping everything.")
            self._code = 1
            return
        pause = 2.0 ** len(running.restarts)
        running.restarts.append(now)
        running.start_at = now + pause
        self._say(f"{name} {reason}. Starting it again in {pause:.0f} s.")

    def _announce_when_ready(self) -> None:
        if self._on_ready is None or self._code is not None or self._stop_requests:
            return
        if any(running.process is None for running in self._running):
            return
        if all(running.child.ready is None or running.child.ready() for running in self._running):
            announce, self._on_ready = self._on_ready, None
            announce()

    def _stop_all(self) -> None:
        ordered = sorted(self._running, key=lambda running: running.child.stop_order)
        for _, group in groupby(ordered, key=lambda running: running.child.stop_order):
            self._stop([running for running in group if running.process is not None])

    def _stop(self, group: list[_Running]) -> None:
        started = time.monotonic()
        for running in group:
            # The child alone: it ends its own workers in its own way, which a signal to all of them would cut short.
            if running.process is not None and running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
        for running in group:
            process = running.process
            if process is None:
                continue
            while process.poll() is None and self._stop_requests < 2:
                if time.monotonic() - started > running.child.stop_seconds:
                    self._say(f"{running.child.name} did not stop within {running.child.stop_seconds:g} s; killing it.")
                    break
                time.sleep(TICK_SECONDS / 2)
            self._finish(running, process)

    def _finish(self, running: _Running, process: subprocess.Popen[bytes]) -> None:
        """Nothing of the child stays behind: workers it left would keep its port."""
        _kill_group(process.pid)
        process.wait()
        self._tell_guard(-process.pid)
        running.process = None
        if running.reader is not None:
            running.reader.join(timeout=2)

    def _copy_output(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in iter(lambda: lines.readline(LONGEST_LINE), b""):
                self._write(child.name, line.decode("utf-8", errors="replace").rstrip("\r\n"))

    def _say(self, text: str) -> None:
        self._write("supervisor", text)

    def _write(self, name: str, text: str) -> None:
        prefix = f"{name:<{self._width}} |"
        if self._coloured:
            names = [running.child.name for running in self._running]
            colour = COLOURS[names.index(name) % len(COLOURS)] if name in names else 1
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        with self._writing:
            try:
                self._output.write(f"{prefix} {text}\n")
                self._output.flush()
            except BrokenPipeError:
                # Whoever read us has gone (make demo | head): stop, and keep emptying the children's pipes until then.
                self._stop_requests = max(1, self._stop_requests)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reason(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
