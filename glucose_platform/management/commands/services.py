from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from glucose_platform import embedded

NOT_RUNNING = 3


class Command(BaseCommand):
    help = (
        "Start, stop or show the embedded PostgreSQL and Valkey. They are for evaluation, development and a single "
        "small site. What DATABASE_URL or REDIS_URL gives is never started here."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "action",
            choices=["start", "stop", "status"],
            help="start what does not run and adopt what does; stop both; status: exit code 0 running, 3 not running",
        )

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions = {"start": self._start, "stop": self._stop, "status": self._status}
        try:
            actions[action]()
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from error

    def _start(self) -> None:
        services = embedded.start_missing(settings.STATE_DIR, os.environ)
        if services is None:
            self.stdout.write("DATABASE_URL and REDIS_URL are given: nothing is started, those servers are used.")
            return
        addresses = services.environment()
        for name, variable in (("PostgreSQL", "DATABASE_URL"), ("Valkey", "REDIS_URL")):
            if variable in addresses:
                self.stdout.write(f"{name} is running; its data are in {services.data}.")
            else:
                self.stdout.write(f"{name} is not started: {variable} is given, that server is used.")
        self.stdout.write("Every command of this project finds them. Stop them with: manage.py services stop")

    def _stop(self) -> None:
        ended = embedded.stop(settings.STATE_DIR)
        self.stdout.write(f"Stopped {' and '.join(ended)}." if ended else "Nothing was running.")

    def _status(self) -> None:
        status = embedded.status(settings.STATE_DIR)
        for service in status.services:
            state = f"running, process {service.pid}" if service.running else "not running"
            self.stdout.write(f"{service.name:<10} {state} ({service.detail})")
        if not status.running:
            raise SystemExit(NOT_RUNNING)
