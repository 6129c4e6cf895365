from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from glucose_platform.backups.files import BackupError
from glucose_platform.backups.making import make_backup


class Command(BaseCommand):
    help = (
        "Back up the database and, apart from it, the data keys. Needs DATABASE_OWNER_URL, directly, not by a pooler."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIRECTORY", required=True, help="for dump and manifest")
        parser.add_argument("--keys-to", type=Path, metavar="DIRECTORY", required=True, help="for data keys, elsewhere")

    def handle(self, *args: Any, to: Path, keys_to: Path, **options: Any) -> None:
        try:
            make_backup(to=to, keys_to=keys_to, tell=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
