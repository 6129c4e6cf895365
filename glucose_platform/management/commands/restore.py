from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from glucose_platform.backups.files import BackupError
from glucose_platform.backups.restoring import restore_backup


class Command(BaseCommand):
    help = "Restore the newest backup of a directory into an empty database. Needs DATABASE_OWNER_URL."
    # The database is empty: what they look at is not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="directory", type=Path, metavar="DIRECTORY", required=True)
        parser.add_argument("--keys-from", type=Path, metavar="DIRECTORY", required=True, help="the newest data keys")

    def handle(self, *args: Any, directory: Path, keys_from: Path, **options: Any) -> None:
        try:
            restore_backup(directory=directory, keys_directory=keys_from, tell=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
