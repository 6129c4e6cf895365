from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.template.defaultfilters import filesizeformat

from readings.partitions import covered_until, drop_empty_months, ensure_months, partition_sizes
from tenancy.partitions import MONTHS_AHEAD


class Command(BaseCommand):
    help = (
        "Make the months that readings are stored in, and tell how large they are. The scheduler makes them every "
        "night; repeating it is harmless."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--ahead", type=int, choices=range(13), default=MONTHS_AHEAD, metavar="MONTHS", help="0 to 12"
        )
        parser.add_argument(
            "--drop-empty", action="store_true", help="empty months older than two years, as the scheduler does"
        )

    def handle(self, *args: Any, ahead: int, drop_empty: bool, **options: Any) -> None:
        made = ensure_months(ahead=ahead)
        self.stdout.write(f"Made {made} months. Readings can be stored up to {covered_until():%Y-%m-%d}, not included.")
        if drop_empty:
            self._drop_empty()
        for kind, size in sorted(partition_sizes().items()):
            tables = f"{size.tables} table{'' if size.tables == 1 else 's'}"
            self.stdout.write(f"{kind.title()}: {tables}, {filesizeformat(size.bytes)}, about {size.rows:,} readings.")

    def _drop_empty(self) -> None:
        try:
            dropped = drop_empty_months()
        except OperationalError as error:
            raise CommandError("The readings were in use for longer than a second: try again.") from error
        self.stdout.write(f"Dropped {dropped} empty months; the history takes readings of that time from now on.")
