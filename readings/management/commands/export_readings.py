from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils.dateparse import parse_datetime
from rich.console import Console
from rich.progress import Progress

from patients.models import Patient
from readings.exports import (
    Export,
    begin_export,
    constant_authority,
    csv_parts,
    export_pages,
    json_parts,
    write_workbook,
)
from readings.exports.rows import ExportRow
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity
from tenancy.scope import Scope

PARTS = {"csv": csv_parts, "json": json_parts}


class Command(OrganizationCommand):
    help = (
        "Export a patient's readings, oldest first; itself recorded in the ledger. A file that does not say at its end "
        "that it is complete is not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--patient", metavar="CODE", required=True)
        parser.add_argument("--format", choices=["csv", "json", "xlsx"], default="csv")
        parser.add_argument("--since", type=_instant, help="e.g. 2026-03-01T00:00:00Z")
        parser.add_argument("--until", type=_instant, help="not included")
        parser.add_argument("--copies", action="store_true", help="also what a second receiver sent once more")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="a new file, which only you can read; default: standard output"
        )

    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        if options["format"] == "xlsx" and options["output"] is None:
            raise CommandError("A workbook is no text for a terminal: name a file with --output FILE.")
        with ExitStack() as opened:
            export = _begin(organization, options)
            file = opened.enter_context(_new_file(options["output"])) if options["output"] else None
            pages = export_pages(export, constant_authority(Scope(organization.id)))
            progress = Progress(console=Console(stderr=True), disable=not self.stderr.isatty())
            counted = _Counted(pages, opened.enter_context(progress))
            if file is not None and options["format"] == "xlsx":
                write_workbook(counted, file)
            else:
                for part in PARTS[options["format"]](counted):
                    if file is None:
                        self.stdout.write(part.decode(), ending="")
                    else:
                        file.write(part)
        self.stderr.write(f"{export.patient_code}: {counted.rows:,} readings.")


class _Counted:
    """The pages, and how many rows they had so far."""

    def __init__(self, pages: Iterator[list[ExportRow]], progress: Progress) -> None:
        self.rows = 0
        self._pages = pages
        self._progress = progress
        self._task = progress.add_task("Exporting", total=None)

    def __iter__(self) -> Iterator[list[ExportRow]]:
        for page in self._pages:
            self.rows += len(page)
            self._progress.update(self._task, description=f"Exporting: {self.rows:,}")
            yield page


@transaction.atomic
def _begin(organization: OrganizationIdentity, options: dict[str, Any]) -> Export:
    patient: Patient | None = Patient.objects.with_code(options["patient"]).first()
    if patient is None:
        raise CommandError(f"{organization.name} has no patient {options['patient']!r}.")
    return begin_export(patient=patient, since=options["since"], until=options["until"], with_copies=options["copies"])


def _new_file(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise CommandError(f"{path} cannot be made: {error.strerror}.") from error


def _instant(text: str) -> datetime:
    instant = parse_datetime(text)
    if instant is None or instant.tzinfo is None:
        raise CommandError(f"{text!r} is no time with an offset. Write e.g. 2026-03-01T08:00:00Z.")
    return instant
