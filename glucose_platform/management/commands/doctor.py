from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from glucose_platform.doctor import checklist
from glucose_platform.doctor.examination import examine
from glucose_platform.doctor.findings import Finding

SICK = 1


class Command(BaseCommand):
    help = (
        "Look at an installation and say in words what is wrong and what to do. Changes nothing. Exit code 1 where "
        "there is a problem; warnings and what was not looked at leave it at 0."
    )
    # Broken settings are among what it tells.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--production", action="store_true", help="also each item of the production checklists")
        parser.add_argument("--backups", type=Path, metavar="DIRECTORY", help="how old is the newest file there?")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, production: bool, backups: Path | None, json: bool, **options: Any) -> None:
        found = list(examine(backups=backups))
        if production:
            found += list(checklist.production(found))
        write = self._write_json if json else self._write
        write(found)
        if any(one.state == "problem" for one in found):
            raise SystemExit(SICK)

    def _write(self, found: list[Finding]) -> None:
        for one in found:
            self.stdout.write(f"{one.state.upper():14} {one.part}: {one.says}")
            if one.do and one.state != "ok":
                self.stdout.write(f"{'':14} -> {one.do}")
        problems, warnings = (sum(one.state == state for one in found) for state in ("problem", "warning"))
        self.stdout.write(f"{problems} problems, {warnings} warnings.")

    def _write_json(self, found: list[Finding]) -> None:
        healthy = all(one.state != "problem" for one in found)
        self.stdout.write(json_text.dumps({"healthy": healthy, "findings": [one.as_json() for one in found]}, indent=2))
