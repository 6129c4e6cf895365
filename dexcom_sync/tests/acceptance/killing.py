"""A worker that dies at a named step, as by `kill -9`: a fork that ends itself there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(work: Callable[..., Any]) -> Callable[..., Any]:
    def worked(*arguments: Any, **named: Any) -> Any:
        work(*arguments, **named)
        die()

    return worked


def killed(work: Callable[[], Any], prepare: Callable[[pytest.MonkeyPatch], None]) -> bool:
    """Runs ``work`` in a process of its own, after ``prepare`` has laid the trap; True where it was killed there."""
    # A connection that two processes share is damaged by the first that ends.
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            prepare(pytest.MonkeyPatch())
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
