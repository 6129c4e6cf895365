from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from readings.partitions import covered_until, ensure_months
from tenancy.partitions import MONTHS_AHEAD


class Command(BaseCommand):
    help = "Make the months that readings are stored in. The scheduler does it every night; repeating it is harmless."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--ahead", type=int, choices=range(13), default=MONTHS_AHEAD, metavar="MONTHS", help="0 to 12"
        )

    def handle(self, *args: Any, ahead: int, **options: Any) -> None:
        made = ensure_months(ahead=ahead)
        self.stdout.write(f"Made {made} months. Readings can be stored up to {covered_until():%Y-%m-%d}, not included.")
