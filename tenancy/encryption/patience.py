"""Steps beside people's work: each a short transaction, tried again with less to do where it took too long.

The serving roles' statement timeout ends a statement that waits for a writer's lock, or that has too many rows to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError
from psycopg.errors import DeadlockDetected, QueryCanceled

from tenancy.encryption.errors import EncryptionError

Answer = TypeVar("Answer")
# Of one step: a quarter of an hour at a timeout of 15 seconds.
TRIES = 60


class StillBlocked(EncryptionError):
    def __init__(self) -> None:
        super().__init__(
            "A transaction has kept rows or keys locked all the time, perhaps a long import. Nothing is lost: run this "
            "again when it is over, and it goes on."
        )


class Patience:
    """How much a step does at once: a quarter after each timeout, then by and by more again, ``most`` at most."""

    def __init__(self, most: int) -> None:
        self.most = self.size = most

    def step(self, work: Callable[[int], Answer]) -> Answer:
        """What ``work`` gives back for a size. It is a transaction of its own. Raises StillBlocked."""
        for _ in range(TRIES):
            try:
                answer = work(self.size)
            except OperationalError as error:
                if not isinstance(error.__cause__, QueryCanceled | DeadlockDetected):
                    raise
                self.size = max(self.size // 4, 1)
            else:
                self.size = min(self.size * 2, self.most)
                return answer
        raise StillBlocked
