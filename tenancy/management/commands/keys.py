from __future__ import annotations

import io
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tenancy.commands import add_organization_choice, chosen_organizations
from tenancy.encryption.errors import EncryptionError
from tenancy.encryption.generate import KEYRINGS, name_of_key, new_installation, new_key_text
from tenancy.encryption.rotation import DataRotation, rotate_kek
from tenancy.encryption.shredding import UnknownPatient, shred_patient
from tenancy.encryption.status import KeyStatus, platform_status, status_of
from tenancy.scope import organization_scope

OWNER = "owner"


class Command(BaseCommand):
    help = "Make, rotate, look at and destroy the keys that seal patients' data."
    # A new installation has no settings yet; the other actions check them.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        generate = actions.add_parser("generate", help="print what a new installation needs")
        generate.add_argument("--kind", choices=sorted(KEYRINGS), help="print one more key for this keyring instead")
        kek = actions.add_parser("rotate-kek", help="wrap the clinics' root keys with the active key of the settings")
        add_organization_choice(kek, for_all=True, platform=True)
        data = actions.add_parser("rotate-data", help="new data keys, and everything sealed anew; can be interrupted")
        add_organization_choice(data, for_all=True, platform=True)
        status = actions.add_parser("status", help="how many keys there are, and what is sealed with them")
        add_organization_choice(status, for_all=True, platform=True)
        shred = actions.add_parser("shred-patient", help="destroy a patient's keys, for ever")
        add_organization_choice(shred, for_all=False)
        shred.add_argument("--patient", metavar="CODE", required=True)
        shred.add_argument("--reason", required=True, help="it stands in the audit ledger")
        shred.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options.pop("action")
        if action == "generate":
            self._generate(options["kind"])
            return
        self.check()
        try:
            if options.get("platform"):
                self._platform(action)
                return
            for organization in chosen_organizations(options, self.stderr):
                with organization_scope(organization.id):
                    getattr(self, "_" + action.replace("-", "_"))(organization, options)
            if options.get("all_organizations") and action in ("rotate-kek", "status"):
                self._platform(action)
        except EncryptionError as error:
            raise CommandError(str(error)) from error

    def _generate(self, kind: str | None) -> None:
        today = timezone.now().date()
        if kind:
            # A second key of one day needs another name: say so rather than guess which names are taken.
            self.stdout.write(f'"{name_of_key(today)}": "{new_key_text()}"')
            self.stderr.write(
                f'Add it to "keys" of {KEYRINGS[kind]} in every process, under a name that is not taken; then make it '
                '"active". Keep the others: what they made must stay readable.'
            )
            return
        for name, value in new_installation(today).items():
            self.stdout.write(f"{name}='{value}'" if value.startswith("{") else f"{name}={value}")
        self.stderr.write("Keep them where only the platform reads them. Whoever loses ENCRYPTION_KEYS loses the data.")

    def _rotate_kek(self, organization: Any, options: Any) -> None:
        self.stdout.write(f"{organization.code}: {rotate_kek(organization.id):,} root keys wrapped anew.")

    def _rotate_data(self, organization: Any, options: Any) -> None:
        done = self._rotated(organization.id, organization.code, DEFAULT_DB_ALIAS)
        self.stdout.write(f"{organization.code}: {done:,} values sealed anew; the replaced keys are gone.")

    def _platform(self, action: str) -> None:
        if action == "rotate-kek":
            self.stdout.write(f"Platform: {rotate_kek(None):,} keys wrapped anew.")
            return
        if action == "status":
            self.stdout.write(f"Platform keys: {_counts_text(platform_status())}")
            return
        if OWNER not in connections:
            raise CommandError(
                "Persons' secrets are visible to each person alone: set DATABASE_OWNER_URL for this one command."
            )
        self.stdout.write(f"Platform: {self._rotated(None, 'platform', OWNER):,} values sealed anew.")

    def _rotated(self, organization_id: int | None, name: str, using: str) -> int:
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task(f"Sealing anew: {name}", total=None)
            return DataRotation(organization_id, lambda count: progress.advance(task, count), using).run()

    def _status(self, organization: Any, options: Any) -> None:
        self.stdout.write(_status_text(organization.code, status_of(organization.id)))

    def _shred_patient(self, organization: Any, options: Any) -> None:
        code = options["patient"]
        if not options["yes"] and not self._confirmed(f"Destroy the keys of {code} of {organization.name} for ever?"):
            raise CommandError("Nothing was destroyed. Confirm with --yes.")
        try:
            count = shred_patient(code=code, reason=options["reason"])
        except UnknownPatient:
            raise CommandError(f"The clinic has no patient {code!r}.") from None
        self.stdout.write(f"Destroyed {count} keys of {code}. Backups forget when those with the keys have expired.")

    def _confirmed(self, question: str) -> bool:
        return sys.stdin.isatty() and input(f"{question} Type yes: ").strip() == "yes"


def _status_text(code: str, status: KeyStatus) -> str:
    table = Table("Sealed field", "Values", "On replaced keys", "Keys destroyed", title=code, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for item in status.columns:
        table.add_row(item.name, f"{item.values:,}", f"{item.on_replaced_keys:,}", f"{item.unreadable:,}")
    text = io.StringIO()
    console = Console(file=text, width=100)
    console.print(table)
    console.print(f"Root keys: {_counts_text(status.wrapped_by)}", markup=False, highlight=False)
    counts = f"Data keys: {status.active:,} active, {status.replaced:,} replaced, {status.shredded:,} destroyed"
    console.print(counts, highlight=False)
    if status.replaced:
        console.print("A rotation was interrupted: run `manage.py keys rotate-data` again.")
    return text.getvalue().rstrip("\n")


def _counts_text(wrapped_by: Counter[str]) -> str:
    return ", ".join(f"{count} by {name}" for name, count in sorted(wrapped_by.items())) or "none yet"
