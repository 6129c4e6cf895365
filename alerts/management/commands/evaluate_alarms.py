from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from alerts.evaluation.everywhere import evaluate_all_due, keep_evaluating


class Command(BaseCommand):
    help = (
        "Look at every patient with new readings, or whose time has come, by the alarm rules of the clinics, and go on "
        "until stopped. Any number of these may run side by side. Workers do the same every half a minute: without "
        "this command alarms come later and are not lost."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, and tell what was done")
        parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="between rounds (1)")

    def handle(self, *args: Any, once: bool, interval: float, **options: Any) -> None:
        if once:
            done = evaluate_all_due()
            self.stdout.write(f"Looked at {done.patients:,} patients; {done.transitions:,} steps of episodes.")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        keep_evaluating(stop.wait, interval=interval)
