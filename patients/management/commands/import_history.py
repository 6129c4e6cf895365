from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from patients.history_import import FileRefused, import_history
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity
from tenancy.encryption.fernet import FernetReader

SHOWN = 20


class Command(OrganizationCommand):
    help = (
        "Import medical histories from a CSV file with the columns patient, kind, recorded_at, text and, if you like, "
        "author. A text may be a Fernet token of an earlier system (ENCRYPTION_KEY); it is sealed anew. Times without "
        "an offset are the patient's local time. A file with any faulty line is refused whole; repeating an import "
        "changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)

    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        try:
            reader = FernetReader(settings.ENCRYPTION_KEY)
        except ValueError:
            raise CommandError("ENCRYPTION_KEY is not a Fernet key: 32 bytes in URL-safe base64.") from None
        try:
            outcome = import_history(options["file"], reader=reader)
        except FileRefused as error:
            raise CommandError(str(error)) from error
        if outcome.problems:
            for number, sentence in outcome.problems[:SHOWN]:
                self.stderr.write(f"Line {number}: {sentence}.")
            if len(outcome.problems) > SHOWN:
                self.stderr.write(f"… and {len(outcome.problems) - SHOWN:,} more.")
            raise CommandError(f"{len(outcome.problems):,} lines are faulty. Nothing was stored.")
        self.stdout.write(f"{outcome.stored:,} entries stored, {outcome.had_already:,} were there already.")
