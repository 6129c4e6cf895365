"""What was refused, kept until the answer is made: the transaction of a refused request is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

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
    """What is refused inside waits for ``write_denials``; nothing that has been collected is lost on an error."""
    waiting: list[Callable[[], None]] = []
    token = _waiting.set(waiting)
    try:
        yield waiting
    finally:
        _waiting.reset(token)
        for write in waiting:
            with transaction.atomic():
                write()
