from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from glucose_platform.backups.rehearsing import rehearse
from glucose_platform.embedded import EmbeddedError


class Command(BaseCommand):
    help = (
        "Restore the newest backup into a fresh cluster, compare its rows with the manifest, verify the audit ledger, "
        "open a sealed value of each clinic, and remove the cluster. Needs the keys of the settings, and no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="directory", type=Path, metavar="DIRECTORY", required=True)
        parser.add_argument("--keys-from", type=Path, metavar="DIRECTORY", required=True, help="the newest data keys")

    def handle(self, *args: Any, directory: Path, keys_from: Path, **options: Any) -> None:
        self.stdout.write("Starting a fresh cluster …")
        self.stdout.flush()
        try:
            usable = rehearse(directory=directory, keys_directory=keys_from, redis_url=settings.CELERY_BROKER_URL)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        if not usable:
            raise CommandError("This backup cannot be relied on: see the lines above.")
        self.stdout.write("The backup can be restored and read. The cluster is removed.")
