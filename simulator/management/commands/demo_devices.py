from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from simulator.clinics import DEMO_CLINICS
from simulator.feed import Feed, feeders


class Command(BaseCommand):
    help = "Post a fresh reading a minute for each demo device, over HTTP. Never as ARGUS_001234: that one is yours."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="where the platform answers: http://127.0.0.1:8000")

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        devices = feeders(DEMO_CLINICS.values())
        if not devices:
            raise CommandError("There are no demo devices with a key here. Run `manage.py demo`, which makes them.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"{len(devices)} devices post to {url}, each once a minute.")
        Feed(url=url, devices=devices, say=self.stderr.write).run(stop.wait)
