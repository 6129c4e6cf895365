"""The one way into the readings table. Every source ends here.

A row's patient is the one whose assignment of the device is in force at ``measured_at``; (device, instant) decides
the row, so storing the same rows again, in any order and any pieces, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from readings.rows import ReadingRow, RowResult
from readings.store.steps import AssignmentChanged, Steps, T, store_steps
from tenancy.scope import required_organization_id

__all__ = ["AssignmentChanged", "run_steps", "store_rows", "until_placed"]


def store_rows(rows: Sequence[ReadingRow], *, note_contact: bool = True) -> list[RowResult]:
    """Store ``rows`` in the organization in scope, in one transaction; see ``store_steps``."""
    if not rows:
        return []
    organization_ids = [required_organization_id()] * len(rows)
    return until_placed(lambda: store_steps(rows, organization_ids, note_contact=note_contact))


def until_placed(begin: Callable[[], Steps[T]]) -> T:
    """Run steps in a transaction of their own, and twice again where an assignment changes meanwhile."""
    for attempt in (1, 2, 3):
        try:
            with transaction.atomic():
                return run_steps(begin())
        except AssignmentChanged:
            if attempt == 3:
                raise
    raise AssertionError("unreachable")


def run_steps(steps: Steps[T]) -> T:
    """Run them on Django's connection, in the caller's transaction."""
    with connection.cursor() as cursor:
        try:
            statement, parameters = next(steps)
            while True:
                cursor.execute(statement, parameters)
                statement, parameters = steps.send(cursor.fetchall() if cursor.description else [])
        except StopIteration as done:
            result: T = done.value
            return result
