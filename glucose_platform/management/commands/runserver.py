from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from glucose_platform.development import serve

_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:]+\]|[^:\[\]]+):)?(?P<port>[0-9]{1,5})")


class Command(BaseCommand):
    help = (
        "Serve the whole platform (glucose_platform.asgi: the data plane and Django) for development, and start anew "
        "when a Python file changes. It needs PostgreSQL and Valkey: `manage.py services start`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("addrport", nargs="?", default="8000", help="port, or address:port; default 127.0.0.1:8000")
        parser.add_argument("--noreload", action="store_true", help="do not watch the files")

    def handle(self, *args: Any, addrport: str, noreload: bool, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("APP_ENV is production: start the web server itself, as docs/install.md shows.")
        found = _ADDRESS.fullmatch(addrport)
        if found is None or not 0 < int(found["port"]) < 65_536:
            raise CommandError(f"{addrport!r} is no address. Give a port or an address and a port: 127.0.0.1:8000")
        host, port = (found["host"] or "127.0.0.1").strip("[]"), int(found["port"])
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"The platform is served at http://{shown}:{port}/ - stop it with Ctrl-C.")
        self.stdout.flush()
        code = serve(host=host, port=port, reload=not noreload, say=self.stderr.write)
        if code:
            raise SystemExit(code)
