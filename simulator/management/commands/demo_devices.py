from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connections
from django.utils import timezone

from simulator.clinics import DEMO_CLINICS
from simulator.feed import Feed, feeders
from simulator.history import fill_history


class Command(BaseCommand):
    help = (
        "Post a fresh reading a minute for each demo device, over HTTP. Never as ARGUS_001234: that one is yours. "
        "With --history, store what lies before the demo's last days as well, back to 90 days."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="where the platform answers: http://127.0.0.1:8000")
        parser.add_argument("--history", action="store_true", help="fill the days before, beside the posting")

    def handle(self, *args: Any, url: str, history: bool, **options: Any) -> None:
        devices = feeders(DEMO_CLINICS.values())
        if not devices:
            raise CommandError("There are no demo devices with a key here. Run `manage.py demo`, which makes them.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"{len(devices)} devices post to {url}, each once a minute.")
        if history:
            threading.Thread(target=self._fill, args=(stop,), name="history", daemon=True).start()
        Feed(url=url, devices=devices, say=self.stderr.write).run(stop.wait)

    def _fill(self, stop: threading.Event) -> None:
        try:
            count = fill_history(clinics=DEMO_CLINICS.values(), now=timezone.now(), wait=stop.wait)
        except Error as error:
            self.stderr.write(f"The demo's older days could not be stored ({error}); the next start goes on with them.")
            return
        finally:
            connections.close_all()
        if count:
            self.stdout.write(f"Stored {count:,} readings of the days before.")
