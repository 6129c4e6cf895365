"""What is done to an organization's keys is told here; the audit ledger, which stands above, writes it down."""

from __future__ import annotations

from typing import Protocol


class Journal(Protocol):
    def keys_rotated(self, *, what: str, count: int) -> None: ...


_journals: list[Journal] = []


def register_journal(journal: Journal) -> None:
    _journals[:] = [journal]


def note_rotation(*, what: str, count: int) -> None:
    """In the transaction of the organization in scope that did it."""
    for journal in _journals:
        journal.keys_rotated(what=what, count=count)
