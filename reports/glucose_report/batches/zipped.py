"""A batch as one ZIP file, sent part by part: nothing of it is laid down unsealed."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextvars import Context
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db import close_old_connections, connection, transaction

from reports.models import BatchReport, ReportBatch
from tenancy.encryption.errors import Shredded
from tenancy.scope import Scope, current_scope, scoped
from tenancy.spreadsheets import text_cell

Authority = Callable[[], Scope | None]
Result = TypeVar("Result")
PAGE = 25
LIST = "reports.csv"
log = structlog.get_logger(__name__)


class _Passing(io.RawIOBase):
    """Keeps what the archive writes until it is taken: an archive needs no place to go back to."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._sent = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        self._sent += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._sent

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(batch: ReportBatch, authority: Authority) -> Generator[bytes]:
    """The reports of those patients that the caller may see as each page is read, by code, and a list of them all.

    Without the list at its end the file is not complete: the right to read has ended meanwhile.
    """
    out = _Passing()
    listed = io.StringIO()
    table = csv.writer(listed)
    table.writerow(["patient", "file", "problem"])
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for code, pdf, problem in _reports(batch, authority):
            name = f"{code}.pdf" if pdf else ""
            table.writerow([text_cell(code), text_cell(name), problem])
            if pdf:
                archive.writestr(_dated(name, batch), pdf)
                yield out.taken()
        archive.writestr(_dated(LIST, batch), listed.getvalue())
    yield out.taken()


def _reports(batch: ReportBatch, authority: Authority) -> Iterator[tuple[str, bytes | None, str]]:
    after = 0
    while True:
        scope = authority()
        if scope is None:
            log.warning("batch_ended", reason="the right ended", batch=str(batch.public_id))
            raise PermissionError("the right to read these reports has ended")
        try:
            page = _in_scope(scope, partial(_page, batch, after))
        finally:
            if not connection.in_atomic_block:
                close_old_connections()
        yield from (row[1:] for row in page)
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _page(batch: ReportBatch, after: int) -> list[tuple[int, str, bytes | None, str]]:
    reports = BatchReport.objects.filter(batch_id=batch.pk, id__gt=after).select_related("patient").order_by("id")
    return [(report.pk, report.patient.code, *_told(report)) for report in reports[:PAGE]]


def _told(report: BatchReport) -> tuple[bytes | None, str]:
    if report.state == BatchReport.State.WAITING:
        return None, "not made yet"
    if report.state == BatchReport.State.FAILED:
        return None, report.problem
    try:
        return report.pdf, ""
    except Shredded:
        return None, "the keys of this patient were destroyed"


def _in_scope(scope: Scope, work: Callable[[], Result]) -> Result:
    def inside() -> Result:
        with scoped(scope), transaction.atomic():
            return work()

    # Inside a request, its own scope is of before the caller's patients changed.
    return inside() if current_scope() in (None, scope) else Context().run(inside)


def _dated(name: str, batch: ReportBatch) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, batch.created_at.timetuple()[:6])
