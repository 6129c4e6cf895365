"""What people read about an import: refused rows as they come, and a table at the end."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.table import Table

from readings.importing.importer import Summary
from readings.importing.rows import BadRow
from readings.importing.table import FileRefused

SHOWN = 100


class BadRowReport:
    """Shows the first 100 refused rows and, given a file, writes all of them there as CSV."""

    def __init__(self, *, show: Callable[[str], object], file: Path | None) -> None:
        self._show = show
        self._path = file
        self._file: io.TextIOBase | None = None
        self._writer: Any = None
        self._count = 0

    def __enter__(self) -> BadRowReport:
        if self._path is not None:
            try:
                # The reasons quote the file's cells, so nobody else may read them.
                descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            except OSError as error:
                raise FileRefused(f"{self._path} cannot be written: {error.strerror}.") from error
            self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "reason"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if self._count > SHOWN:
            self._show(f"… and {self._count - SHOWN:,} more.")

    def add(self, row: BadRow) -> None:
        self._count += 1
        if self._count <= SHOWN:
            self._show(f"Line {row.line}: {row.reason}.")
        if self._writer is not None:
            self._writer.writerow([row.line, row.reason])


def summary_table(summary: Summary, *, dry_run: bool) -> str:
    table = Table("Patient", "Would be new" if dry_run else "New", "Had already", "From", "To", show_footer=True)
    for column in table.columns[1:3]:
        column.justify = "right"
    for code, count in sorted(summary.patients.items()):
        period = [f"{time:%Y-%m-%d %H:%M}Z" if time else "" for time in (count.first, count.last)]
        table.add_row(code, f"{count.created:,}", f"{count.duplicates:,}", *period)
    footers = ("Total", f"{summary.created:,}", f"{summary.duplicates:,}", f"refused: {summary.bad:,}", "")
    for column, footer in zip(table.columns, footers, strict=True):
        column.footer = footer
    text = io.StringIO()
    Console(file=text, width=100).print(table)
    return text.getvalue().rstrip("\n") + ignored_line(summary)


def ignored_line(summary: Summary) -> str:
    if not summary.ignored:
        return ""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in summary.ignored.most_common())
    return f"\nNo sensor readings, so left out: {kinds}."
