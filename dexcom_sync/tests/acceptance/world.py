"""A clinic, the sandbox, and one clock for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from dexcom_sync import applications
from dexcom_sync.limiter import Lane
from dexcom_sync.models import Connection, Token
from dexcom_sync.sandbox.world import ANCHOR
from dexcom_sync.sync.backfill import backfill
from dexcom_sync.sync.claims import claim_backfill, claim_due
from dexcom_sync.sync.cycle import sync
from dexcom_sync.sync.reading import Outcome
from dexcom_sync.tests import syncing
from dexcom_sync.tests.ledger import assert_as_in_the_ledger
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox
from tests.forgetting import forget_keys, limits_url

# Where the data of all users end, unless a test says otherwise.
END = datetime.fromtimestamp(ANCHOR, UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class World:
    clinic: Clinic
    sandbox: DexcomSandbox
    clock: Any
    switches: dict[str, Any] = field(default_factory=dict)

    def begin(self, at: datetime) -> None:
        """Anew: what was visible once stays in the sandbox's ledger, whatever its clock says later."""
        self.clock.move_to(at, tick=True)
        self.sandbox.reset(now=at)
        self.sandbox.config(**self.switches)

    def configure(self, **switches: Any) -> None:
        self.switches |= switches
        self.sandbox.config(**switches)

    def wait(self, length: timedelta) -> None:
        self.clock.shift(length)
        self.sandbox.clock(advance_s=length.total_seconds())

    def connect(self, user: str, *, patient: int = 0) -> Connection:
        return syncing.connect(self.clinic, self.sandbox, user, patient=patient)

    def poll(self, connection: Connection) -> Outcome:
        return syncing.run_sync(self.clinic, connection)

    def poll_what_is_due(self) -> Outcome | None:
        with self.clinic.scope():
            claimed = claim_due()
            return None if claimed is None else sync(syncing.session(claimed, Lane.HOT))

    def read_past(self) -> None:
        with self.clinic.scope():
            while claimed := claim_backfill():
                assert backfill(syncing.session(claimed, Lane.BACKFILL), seconds=60).failed == {}

    def read_everything(self, connection: Connection) -> None:
        assert self.poll(connection).failed == {}
        self.read_past()

    def state(self, connection: Connection) -> Connection:
        return syncing.fresh(self.clinic, connection)

    def token(self, connection: Connection) -> Token:
        with self.clinic.scope(), transaction.atomic():
            found: Token = Token.objects.get(connection_id=connection.pk)
            return found

    def claim_runs_out(self, connection: Connection) -> None:
        """By the database's clock, which no test moves."""
        with self.clinic.scope(), transaction.atomic():
            Token.objects.filter(connection_id=connection.pk).update(
                intended_at=F("intended_at") - timedelta(minutes=2)
            )

    def lease_runs_out(self, connection: Connection) -> None:
        with self.clinic.scope(), transaction.atomic():
            Connection.objects.filter(pk=connection.pk).update(claimed_until=None, backfill_claimed_until=None)

    def in_clinic(self, work: Callable[[], Any]) -> Any:
        with self.clinic.scope(), transaction.atomic():
            return work()

    def is_as_in_the_ledger(self, connection: Connection, user: str) -> None:
        assert_as_in_the_ledger(self.clinic, connection, self.sandbox, user)

    def refreshes(self) -> list[dict[str, Any]]:
        return self.sandbox.log(endpoint="token", grant_type="refresh_token")


def forget_pauses() -> None:
    """Valkey's clock is real, and so is this process's: no test moves them."""
    forget_keys(limits_url(), "dexcom:*")
    applications._limiter.cache_clear()
