"""Hears that the process is to stop.

The server waits for the answers under way before it says so to the application, and a stream's answer has no end: it
would wait until it is killed. So what the server does at a signal is left as it is, and the streams are told first.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._former: dict[signal.Signals, Callable[[int, FrameType | None], Any]] = {}

    def listen(self) -> None:
        """After the server has set its handlers, which is after the application was started."""
        if self._former or threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            former = signal.getsignal(number)
            if callable(former):
                self._former[number] = former
                signal.signal(number, self._handler(loop, former))

    def forget(self) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)
        self._former.clear()

    def _handler(
        self, loop: asyncio.AbstractEventLoop, former: Callable[[int, FrameType | None], Any]
    ) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._tell)
            former(number, frame)

        return handle
