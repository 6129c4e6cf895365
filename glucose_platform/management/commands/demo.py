from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from glucose_platform.demo import platform
from glucose_platform.demo.places import DemoError
from glucose_platform.embedded import EmbeddedError


class Command(BaseCommand):
    help = (
        "Run the whole platform on this machine, reachable from this machine only: services, web, worker, scheduler, "
        "two clinics with 90 days of glucose, and devices that post. A second start keeps the data."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="default: 8000")
        parser.add_argument("--reset", action="store_true", help="throw the demo's data away, and do nothing else")

    def handle(self, *args: Any, port: int, reset: bool, **options: Any) -> None:
        try:
            if reset:
                platform.reset(state_dir=settings.STATE_DIR, say=self._say)
                return
            code = platform.run(state_dir=settings.STATE_DIR, port=port, say=self._say)
        except KeyboardInterrupt:
            code = 130
        except (DemoError, EmbeddedError) as error:
            raise CommandError(str(error)) from error
        if code:
            raise SystemExit(code)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
