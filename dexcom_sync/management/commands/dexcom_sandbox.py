from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dexcom_sync.sandbox.serving import ProductionRefused, command, environment, refuse_production
from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET, App, Start


class Command(BaseCommand):
    help = "Serve a simulated Dexcom API v3 with simulated users (docs/dexcom-sandbox.md). Not in production."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8100, help="default: 8100")
        parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
        parser.add_argument("--control", action="store_true", help="answer /_sim, to programs on this machine")
        parser.add_argument("--live", action="store_true", help="data go on up to now")
        parser.add_argument("--seed", type=int, default=1, help="another seed, other glucose; default: 1")
        parser.add_argument("--client-id", default=CLIENT_ID, help=f"default: {CLIENT_ID}")
        parser.add_argument("--client-secret", default=CLIENT_SECRET, help=f"default: {CLIENT_SECRET}")
        parser.add_argument(
            "--redirect-uri", action="append", default=[], metavar="URI", help="where logins may return; repeatable"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_production()
        except ProductionRefused as error:
            raise CommandError(str(error)) from error
        app = App(options["client_id"], options["client_secret"], tuple(options["redirect_uri"]))
        start = Start(apps=(app,), control=options["control"], seed=options["seed"], live=options["live"])
        self.stdout.write(f"The Dexcom sandbox answers at http://{options['host']}:{options['port']}.")
        self.stdout.flush()
        argv = command(host=options["host"], port=options["port"])
        # In place of this process, so that whoever ends it ends the server.
        os.execve(argv[0], argv, environment(start))  # noqa: S606  a fixed program without a shell
