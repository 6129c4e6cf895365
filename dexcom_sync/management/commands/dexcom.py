from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import redis
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from dexcom_sync.applications import limiter_of, offered_regions
from dexcom_sync.fleet import budgets, fleet, quantile, waiting_by_reason
from dexcom_sync.loading import NotHere, connect_many, refuse_real_places
from dexcom_sync.models import Connection, Region
from dexcom_sync.replaying import replay, waiting_records
from dexcom_sync.sync.work import backfill_due, sync_due, sync_one
from dexcom_sync.wording import error_sentence
from tenancy.commands import add_organization_choice, chosen_organizations
from tenancy.directory import OrganizationIdentity, all_organizations
from tenancy.scope import organization_scope

Advance = Callable[[float], None]
STEP_SECONDS = 5.0


class Command(BaseCommand):
    help = "Look at the connections to Dexcom, and work on them (docs/dexcom.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("status", help="counts, age of the data, calls used, and whether calls are stopped")
        sync = actions.add_parser("sync", help="read what is new, now")
        add_organization_choice(sync, for_all=True)
        which = sync.add_mutually_exclusive_group(required=True)
        which.add_argument("connection", nargs="?", type=uuid.UUID, metavar="CONNECTION", help="its id")
        which.add_argument("--all-due", action="store_true", help="each whose time has come")
        backfill = actions.add_parser("backfill", help="read the past of those that still lack some")
        add_organization_choice(backfill, for_all=True)
        again = actions.add_parser("replay", help="read records in quarantine again, after an update that can")
        add_organization_choice(again, for_all=True)
        actions.add_parser("resume", help="let calls go on, after the application's credentials were mended")
        load = actions.add_parser("simulate-load", help="many connections to the sandbox; not in production")
        add_organization_choice(load, for_all=False)
        load.add_argument("--connections", type=int, default=50, metavar="N", help="default: 50")
        load.add_argument("--seconds", type=int, default=60, metavar="N", help="how long they are read; default: 60")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options.pop("action")
        if action in ("status", "resume"):
            {"status": self._status, "resume": self._resume}[action]()
            return
        work: Mapping[str, Callable[..., None]] = {
            "sync": self._sync, "backfill": self._backfill, "replay": self._replay, "simulate-load": self._load,
        }  # fmt: skip
        for organization in chosen_organizations(options, self.stderr):
            with organization_scope(organization.id):
                work[action](organization, options)

    def _status(self) -> None:
        for organization in all_organizations():
            with organization_scope(organization.id), transaction.atomic():
                self._tell(organization)
        for budget in budgets():
            used = f"{budget.usage.used:,} of {budget.usage.limit:,}" if budget.usage else "unknown: no Valkey"
            self.stdout.write(f"Calls of the last hour, {Region(budget.region).label}: {used}")
            if budget.stopped:
                self.stdout.write(
                    f"STOPPED: Dexcom refused our application ({budget.stopped}). Mend the credentials, then run "
                    "`manage.py dexcom resume`."
                )
        if not offered_regions():
            self.stdout.write("No application is set up: set DEXCOM_CLIENT_ID, or nobody can connect.")

    def _tell(self, organization: OrganizationIdentity) -> None:
        found = fleet()
        counts = ", ".join(f"{number:,} {status}" for status, number in sorted(found.by_status.items()))
        self.stdout.write(f"{organization.code}: {counts or 'no connections'}")
        for region, ages in sorted(found.ages.items()):
            half, most = _minutes(quantile(ages, 0.5)), _minutes(quantile(ages, 0.95))
            self.stdout.write(f"  {region}: behind by {half} in the middle, {most} at 95 of 100")
        if found.without_data:
            self.stdout.write(f"  without data yet: {found.without_data:,}")
        for resource, reason, number in waiting_by_reason():
            self.stdout.write(f"  in quarantine: {number:,} {resource}, {reason}")

    def _resume(self) -> None:
        if not offered_regions():
            raise CommandError("No application is set up, so nothing is stopped.")
        for region in offered_regions():
            limiter = limiter_of(region)
            try:
                reason = limiter.stopped_because()
                limiter.resume()
            except redis.RedisError as error:
                raise CommandError("Valkey does not answer, so nobody would hear of it. Is it running?") from error
            self.stdout.write(f"{region.label}: {f'was stopped ({reason}), and goes on.' if reason else 'goes on.'}")

    def _sync(self, organization: OrganizationIdentity, options: dict[str, Any]) -> None:
        if options["all_due"]:
            with self._progress(f"Reading: {organization.code}", total=_count_due()) as advance:
                done = 0
                while looked := sync_due(seconds=STEP_SECONDS):
                    advance(looked)
                    done += looked
            self.stdout.write(f"{organization.code}: looked at {done:,} connections.")
            return
        with transaction.atomic():
            connection: Connection | None = Connection.objects.filter(public_id=options["connection"]).first()
        if connection is None:
            raise CommandError(f"{organization.name} has no connection {options['connection']}.")
        outcome = sync_one(connection.pk)
        if outcome is None:
            raise CommandError("It is not read now: a worker has it in hand, or it is paused, stopped or withdrawn.")
        self.stdout.write(
            f"{organization.code}: {outcome.new:,} new, {outcome.changed:,} changed, {outcome.unchanged:,} as before, "
            f"{outcome.quarantined:,} could not be read."
        )
        if outcome.failed:
            raise CommandError(" ".join(f"{what}: {error_sentence(code)}" for what, code in outcome.failed.items()))

    def _backfill(self, organization: OrganizationIdentity, options: dict[str, Any]) -> None:
        with self._progress(f"Reading the past: {organization.code}", total=_count_backfills()) as advance:
            # A connection that is done leaves the list.
            while (before := _count_backfills()) and backfill_due(seconds=STEP_SECONDS):
                advance(max(before - _count_backfills(), 0))
        left = _count_backfills()
        self.stdout.write(
            f"{organization.code}: {f'{left:,} connections still lack some of their past.' if left else 'all is read.'}"
        )

    def _replay(self, organization: OrganizationIdentity, options: dict[str, Any]) -> None:
        with self._progress(f"Reading again: {organization.code}", total=len(waiting_records())) as advance:
            done = replay(on_progress=advance)
        self.stdout.write(f"{organization.code}: {done.read:,} records were read, {done.left:,} still cannot be.")

    def _load(self, organization: OrganizationIdentity, options: dict[str, Any]) -> None:
        try:
            refuse_real_places()
            with self._progress("Connecting", total=options["connections"]) as advance:
                connect_many(options["connections"], on_progress=advance)
        except NotHere as refusal:
            raise CommandError(str(refusal)) from refusal
        except httpx.HTTPError as error:
            raise CommandError("The sandbox does not answer. Is `manage.py dexcom_sandbox` running?") from error
        began, calls, looks = time.monotonic(), _calls(), 0
        with self._progress("Reading", total=options["seconds"]) as advance:
            shown = 0.0
            while (passed := time.monotonic() - began) < options["seconds"]:
                looked = sync_due(seconds=min(options["seconds"] - passed, STEP_SECONDS))
                looks += looked
                if not looked:
                    _make_all_due()
                advance(passed - shown)
                shown = passed
        seconds = time.monotonic() - began
        made = _calls() - calls
        self.stdout.write(
            f"{looks:,} looks and {made:,} calls in {seconds:.0f} s: {made / seconds:.1f} calls a second, "
            f"{3600 * made / seconds:,.0f} an hour."
        )
        with transaction.atomic():
            self._tell(organization)

    @contextmanager
    def _progress(self, words: str, *, total: int) -> Iterator[Advance]:
        with Progress(console=Console(stderr=True), disable=not self.stderr.isatty()) as progress:
            task = progress.add_task(words, total=total)
            yield lambda steps: progress.advance(task, steps)


def _minutes(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


@transaction.atomic
def _count_due() -> int:
    return int(Connection.objects.due(timezone.now()).count())


@transaction.atomic
def _count_backfills() -> int:
    return int(Connection.objects.filter(status=Connection.Status.ACTIVE, is_backfilling=True).count())


@transaction.atomic
def _make_all_due() -> None:
    """Only those of simulated people: the poll of others is not this command's."""
    theirs = Connection.objects.filter(region=Region.SANDBOX, status=Connection.Status.ACTIVE)
    theirs.filter(claimed_until__isnull=True).update(next_due_at=timezone.now())


def _calls() -> int:
    try:
        return limiter_of(Region.SANDBOX).usage().used
    except redis.RedisError as error:
        raise CommandError("Valkey does not answer: start it, or there is no budget to measure.") from error
