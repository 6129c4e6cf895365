from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from readings.summaries import backlog, mark_days_of_all_patients, summarise_dirty_days
from tenancy.commands import find_organization
from tenancy.directory import OrganizationIdentity, all_organizations
from tenancy.scope import organization_scope


class Command(BaseCommand):
    help = (
        "Tell how many days wait for their summary. Workers summarise them every half a minute; with --run this "
        "command does it, beside them. --all marks every day once more, for summaries that shall hold something new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="CODE", help="this clinic only (default: every clinic)")
        parser.add_argument("--run", action="store_true", help="summarise what waits, with a progress bar")
        parser.add_argument("--all", action="store_true", help="mark every day with readings before")

    def handle(self, *args: Any, **options: Any) -> None:
        code = options["organization"]
        for organization in [find_organization(code)] if code else all_organizations():
            with organization_scope(organization.id):
                self._handle_organization(organization, **options)

    def _handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        if options["all"]:
            self.stdout.write(f"{organization.code}: marked {mark_days_of_all_patients():,} days.")
        if options["run"]:
            self.stdout.write(f"{organization.code}: summarised {self._run(organization):,} days.")
        left = backlog()
        if left.oldest is None:
            self.stdout.write(f"{organization.code}: no day waits for its summary.")
        else:
            seconds = (timezone.now() - left.oldest).total_seconds()
            self.stdout.write(f"{organization.code}: days that wait: {left.days:,}, the oldest for {seconds:,.0f} s.")

    def _run(self, organization: OrganizationIdentity) -> int:
        with Progress(console=Console(stderr=True), disable=not self.stderr.isatty()) as progress:
            task = progress.add_task(f"Summarising: {organization.code}", total=backlog().days)
            return summarise_dirty_days(limit=None, on_progress=lambda days: progress.advance(task, days))
