"""Entries for files: one row each, in pages that are found by key, each in a short transaction of its own."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction

from audit.models import Entry, EntryQuerySet
from audit.patients import codes_of
from audit.wording import changes_of
from tenancy.scope import Scope, scoped
from tenancy.spreadsheets import text_cell

PAGE = 1000
COLUMNS = (
    "entry",
    "at",
    "actorKind",
    "actorId",
    "actorName",
    "actorRole",
    "action",
    "objectType",
    "objectId",
    "patients",
    "outcome",
    "count",
    "ip",
    "session",
    "requestId",
    "reason",
    "changes",
)


def rows(scope: Scope, find: Callable[[], EntryQuerySet]) -> Iterator[list[Any]]:
    """Newest first. Nothing is held between two pages, neither a transaction nor the scope."""
    last: Entry | None = None
    while True:
        with scoped(scope), transaction.atomic():
            found = find().newest_first()
            page = list((found if last is None else found.older_than(last.at, last.id))[:PAGE])
            told = [_row(entry, codes) for codes in [_codes(page)] for entry in page]
        yield from told
        if len(page) < PAGE:
            return
        last = page[-1]


def csv_lines(scope: Scope, find: Callable[[], EntryQuerySet]) -> Iterator[str]:
    yield _csv_line(list(COLUMNS))
    for row in rows(scope, find):
        yield _csv_line([_safe(cell) for cell in row])


def json_lines(scope: Scope, find: Callable[[], EntryQuerySet]) -> Iterator[str]:
    for row in rows(scope, find):
        yield json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n"


FORMATS = {"csv": csv_lines, "json": json_lines}


def _codes(page: list[Entry]) -> dict[int, str]:
    return codes_of(patient_id for entry in page for patient_id in entry.all_patient_ids)


def _row(entry: Entry, codes: dict[int, str]) -> list[Any]:
    return [
        *(entry.id, entry.at.isoformat().replace("+00:00", "Z")),
        *(entry.actor_kind, entry.actor_id, entry.actor_name, entry.actor_role),
        *(entry.action, entry.object_type, entry.object_id),
        [codes.get(number, "removed") for number in entry.all_patient_ids],
        *(entry.outcome, entry.count, entry.ip or "", entry.session, entry.request_id, entry.reason),
        [[change.field, change.old, change.new] for change in changes_of(entry)],
    ]


def _safe(cell: Any) -> Any:
    if isinstance(cell, list):
        return json.dumps(cell, ensure_ascii=False) if cell else ""
    return text_cell(cell) if isinstance(cell, str) else cell


def _csv_line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
