"""What Dexcom says there is, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from dexcom_sync.client import Page, Unreadable
from dexcom_sync.models import Connection, Resource
from dexcom_sync.records.data_range import Range as Told
from dexcom_sync.records.data_range import parse_data_range
from dexcom_sync.records.outcomes import Context, Quarantined
from dexcom_sync.records.outcomes import Resource as Asked
from dexcom_sync.services.binding import bind_account
from dexcom_sync.sync.passes import Range
from dexcom_sync.sync.session import Session


@dataclass(frozen=True, slots=True)
class Ranges:
    """By resource; absent where there are no such data. ``unreadable``: of which the answer could not be read.

    ``now``: by the clock that is behind, theirs or ours: an end after their now may be refused.
    """

    known: Mapping[str, Range]
    unreadable: frozenset[str]
    now: datetime

    def of(self, resource: Resource) -> Range | None:
        """Alerts have no range of their own: they happen while there are values."""
        return self.known.get(Resource.EGVS if resource == Resource.ALERTS else resource)


def read_ranges(session: Session) -> Ranges:
    """Binds the account with the first answer. Raises WrongPerson where it is another one than before."""
    page = session.get(Asked.DATA_RANGE)
    if not session.connection.dexcom_user_id:
        bind_account(session.connection, page.envelope.user_id)
    return _ranges(session.connection, page)


@transaction.atomic
def _ranges(connection: Connection, page: Page) -> Ranges:
    context = Context(now=page.fetched_at, zone=ZoneInfo(connection.patient.timezone))
    parsed = parse_data_range(page.envelope.answer, context)
    if isinstance(parsed, Quarantined):
        raise Unreadable(code=parsed.reason)
    told = {
        Resource.EGVS.value: parsed.egvs,
        Resource.EVENTS.value: parsed.events,
        Resource.CALIBRATIONS.value: parsed.calibrations,
    }
    return Ranges(
        known={
            resource: Range(one.start.system_time, one.end.system_time)
            for resource, one in told.items()
            if isinstance(one, Told)
        },
        unreadable=frozenset(resource for resource, one in told.items() if isinstance(one, Quarantined)),
        now=min(page.fetched_at, page.server_time or page.fetched_at),
    )
