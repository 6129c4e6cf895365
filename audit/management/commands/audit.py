from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.db import connections, transaction
from django.utils.dateparse import parse_datetime

from audit.actions import Action
from audit.exporting import FORMATS
from audit.models import Entry, EntryQuerySet
from audit.patients import patient_id_of
from audit.seals.epochs import begin_new_epoch
from audit.seals.verifying import verify_organization
from audit.services import record_look
from tenancy.commands import add_organization_choice, chosen_organizations
from tenancy.directory import OrganizationIdentity
from tenancy.scope import Scope, organization_scope

MOST_FAULTS = 50


class Command(BaseCommand):
    help = "Verify, export and report on the audit ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        verify = actions.add_parser("verify", help="whether every entry is as it was sealed; exit code 1 where not")
        add_organization_choice(verify, for_all=True)
        verify.add_argument("--head", default="", help="a head that was published: the ledger must contain it")
        export = actions.add_parser("export", help="entries as CSV or as lines of JSON, newest first; itself recorded")
        add_organization_choice(export, for_all=True)
        export.add_argument("--format", choices=sorted(FORMATS), default="csv")
        export.add_argument("--since", type=_instant, help="e.g. 2026-03-01T00:00:00Z")
        export.add_argument("--until", type=_instant, help="not included")
        export.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
        report = actions.add_parser("report", help="who saw or changed a patient's record, and how often")
        add_organization_choice(report, for_all=False)
        report.add_argument("--patient", metavar="CODE", required=True)
        actions.add_parser("new-epoch", help="after a restore into another server: let new entries be sealed again")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options.pop("action")
        if action == "new-epoch":
            self._new_epoch()
            return
        organizations = chosen_organizations(options, self.stderr)
        if action == "verify":
            self._verify(organizations, head=options["head"])
        elif action == "export":
            self._export(organizations, options)
        else:
            self._report(organizations[0], options["patient"])

    def _verify(self, organizations: list[OrganizationIdentity], *, head: str) -> None:
        if head and len(organizations) > 1:
            raise CommandError("A published head is one clinic's: give --organization CODE with it.")
        faults = 0
        for organization in organizations:
            with organization_scope(organization.id):
                found = verify_organization(published_head=head)
            for sentence in found.faults[:MOST_FAULTS]:
                self.stderr.write(f"{organization.code}: {sentence}")
            if len(found.faults) > MOST_FAULTS:
                self.stderr.write(f"{organization.code}: and {len(found.faults) - MOST_FAULTS:,} faults more.")
            self.stdout.write(
                f"{organization.code}: {found.entries:,} entries in {found.seals:,} seals, {found.expired:,} removed "
                f"after their time, {found.unsealed:,} not sealed yet. Head: {found.head or 'none'}"
            )
            faults += len(found.faults)
        if faults:
            raise CommandError(f"The ledger is not what was sealed: {faults:,} faults.")

    def _export(self, organizations: list[OrganizationIdentity], options: dict[str, Any]) -> None:
        since, until = options["since"], options["until"] or datetime.now(UTC)
        with ExitStack() as opened:
            target: TextIO | OutputWrapper = self.stdout
            if options["output"]:
                target = opened.enter_context(options["output"].open("x", encoding="utf-8", newline=""))
            for organization in organizations:
                self._record_export(organization)
                lines = FORMATS[options["format"]](Scope(organization.id), lambda: _entries(since, until))
                count = _write(lines, target)
                self.stderr.write(f"{organization.code}: {count:,} lines.")

    def _record_export(self, organization: OrganizationIdentity) -> None:
        """Before the first line: an export that breaks off has shown something, too."""
        with organization_scope(organization.id), transaction.atomic():
            record_look(kind="audit.entry", action=Action.EXPORT, always=True)

    def _report(self, organization: OrganizationIdentity, code: str) -> None:
        with organization_scope(organization.id), transaction.atomic():
            patient_id = patient_id_of(code)
            if patient_id is None:
                raise CommandError(f"{organization.name} has no patient {code!r}.")
            record_look(kind="audit.entry", patient_id=patient_id, action=Action.EXPORT, always=True)
            entries = list(Entry.objects.about_patient(patient_id).newest_first().iterator())
        counts = Counter((entry.actor_name or entry.actor_kind, entry.actor_role, entry.action) for entry in entries)
        newest: dict[Any, datetime] = {}
        for entry in entries:
            newest.setdefault((entry.actor_name or entry.actor_kind, entry.actor_role, entry.action), entry.at)
        self.stdout.write(f"{'Who':30} {'Role':10} {'What':18} {'Entries':>8}  Last (UTC)")
        for (name, role, action), count in sorted(counts.items()):
            last = newest[name, role, action]
            self.stdout.write(f"{name[:30]:30} {role:10} {action:18} {count:>8,}  {last:%Y-%m-%d %H:%M}")

    def _new_epoch(self) -> None:
        if "owner" not in connections:
            raise ImproperlyConfigured("This needs the owner: give DATABASE_OWNER_URL, as for migrate.")
        self.stdout.write(f"New entries belong to epoch {begin_new_epoch()}.")


def _entries(since: datetime | None, until: datetime) -> EntryQuerySet:
    entries: EntryQuerySet = Entry.objects.between(since, until)
    return entries


def _write(lines: Iterable[str], target: TextIO | OutputWrapper) -> int:
    count = 0
    for line in lines:
        target.write(line)
        count += 1
    return count


def _instant(text: str) -> datetime:
    instant = parse_datetime(text)
    if instant is None or instant.tzinfo is None:
        raise CommandError(f"{text!r} is no time with an offset. Write e.g. 2026-03-01T08:00:00Z.")
    return instant
