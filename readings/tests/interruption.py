"""Help for tests of what happens between two transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection, transaction


class Interruption:
    """Runs ``begin`` in a thread's transaction, which stays open until ``finish``."""

    def __init__(self, begin: Callable[[], object]) -> None:
        self._begin = begin
        self._begun, self._go_on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Interruption:
        self._thread.start()
        assert self._begun.wait(30)
        return self

    def _run(self) -> None:
        try:
            with transaction.atomic():
                self._begin()
                self._begun.set()
                assert self._go_on.wait(30)
        finally:
            connection.close()

    def finish(self) -> None:
        self._go_on.set()
        self._thread.join(30)

    def __exit__(self, *_: object) -> None:
        self.finish()


def closing(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run
