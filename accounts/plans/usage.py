"""What a clinic uses: counted now for its limits, and kept for each day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Invitation, Membership
from accounts.plans.api_requests import requests_of
from accounts.plans.catalogue import Limit
from accounts.plans.models import UsageDay
from accounts.roles import Role

# A row with its keys, its indexes and its part of the summaries: measured with ten million of them, and rounded up.
BYTES_OF_A_READING = 200

# Devices and readings stand above; each offers what it counts.
_devices: list[Callable[[], int]] = []
_readings: list[Callable[[date | None], int]] = []


def register_devices_counter(count: Callable[[], int]) -> None:
    _devices.append(count)


def register_readings_counter(count: Callable[[date | None], int]) -> None:
    """``count(day)``: from summaries, of patients' days with this date; None: of all days that are kept."""
    _readings.append(count)


@dataclass(frozen=True, slots=True)
class InUse:
    devices: int
    members: int
    patients: int

    def of(self, limit: Limit) -> int:
        return int(getattr(self, limit.value))


def in_use() -> InUse:
    """Of the clinic in scope, at this moment."""
    return InUse(sum(count() for count in _devices), members_in_use(), patients_in_use())


def members_in_use(*, but_invitation: int | None = None) -> int:
    """The staff, and places that are offered to staff. Patients' own logins are no members of a plan."""
    offered = Invitation.objects.pending().filter(~Q(role=Role.PATIENT)).exclude(pk=but_invitation)
    return int(Membership.objects.active().exclude(role=Role.PATIENT).count()) + int(offered.count())


def patients_in_use() -> int:
    """All who are not archived, also those whom the caller does not see."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_patients_counted()")
        return int(cursor.fetchone()[0])


@transaction.atomic
def count_day(day: date, *, now: datetime | None = None) -> UsageDay:
    """Of the clinic in scope; a second time counts anew, and never fewer requests than were known."""
    used = in_use()
    kept = UsageDay.objects.select_for_update().filter(day=day).first() or UsageDay(day=day, api_requests=0)
    for name, value in asdict(used).items():
        setattr(kept, name, value)
    kept.readings = sum(count(day) for count in _readings)
    kept.storage_bytes = BYTES_OF_A_READING * sum(count(None) for count in _readings)
    kept.api_requests = max(kept.api_requests, requests_of(day))
    kept.counted_at = now or timezone.now()
    kept.save()
    return kept


def yesterday(now: datetime) -> date:
    return (now.astimezone(UTC) - timedelta(days=1)).date()
