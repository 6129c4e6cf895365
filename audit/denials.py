"""What was refused, kept until the answer is made: the transaction of a refused request is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from django.db import transaction

log = structlog.get_logger(__name__)

_waiting: ContextVar[list[Callable[[], None]] | None] = ContextVar("audit_denials", default=None)


def after_the_answer(write: Callable[[], None]) -> None:
    """Run ``write`` in a transaction of its own, after the request's; at once where no request is being answered."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append(write)
        return
    with transaction.atomic():
        write()


@contextmanager
def denials_collected() -> Iterator[list[Callable[[], None]]]:
    """What is refused inside waits until the end; nothing that has been collected is lost on an error."""
    waiting: list[Callable[[], None]] = []
    token = _waiting.set(waiting)
    try:
        yield waiting
    finally:
        _waiting.reset(token)
        _write_each(waiting)


def _write_each(waiting: list[Callable[[], None]]) -> None:
    """One that fails does not take the next ones with it; the first error goes on when all have been tried."""
    failures: list[Exception] = []
    for write in waiting:
        try:
            with transaction.atomic():
                write()
        except Exception as error:
            log.exception("denial_not_recorded")
            failures.append(error)
    if failures:
        raise failures[0]
