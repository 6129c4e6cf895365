"""The panel on a patient's page: how the connection to Dexcom stands, in words, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dexcom_sync.applications import application_of, offered_regions
from dexcom_sync.fleet import stale_after, staleness
from dexcom_sync.models import Connection, Progress, Region, Resource
from dexcom_sync.wording import error_sentence, status_sentence
from patients.models import Patient
from reports.dexcom_pages.words import age_words

VIEWING = "dexcom_sync.view_connection"
CONNECTING = "dexcom_sync.add_connection"
CHANGING = "dexcom_sync.change_connection"
ACCEPTING = "dexcom_sync.accept_connection"

Status = Connection.Status


@dataclass(frozen=True, slots=True)
class Past:
    """How far the past is read: ``percent`` of the way from the newest value back to the first one."""

    back_to: datetime
    first: datetime
    percent: int


@dataclass(frozen=True, slots=True)
class Panel:
    connection: Connection
    sentence: str
    error: str
    data_age: str
    is_stale: bool
    is_reading: bool
    past: Past | None

    @property
    def is_busy(self) -> bool:
        """Something is about to change by itself: the page asks again."""
        return self.is_reading or self.past is not None


def dexcom_section(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    may = request.user.has_perm
    if not may(VIEWING):
        return {}
    connection = newest_connection(patient)
    regions = offered_regions()
    if connection is None and not regions:
        return {}
    is_member = request.principal.membership_id is not None  # type: ignore[attr-defined]
    panel = panel_of(connection) if connection else None
    return {
        "dexcom": True,
        "panel": panel,
        "regions": regions if may(CONNECTING) and is_member and _can_be_connected(connection) else [],
        "may_change": may(CHANGING),
        "may_accept": may(ACCEPTING),
        "can": _possible(connection.status) if connection else set(),
        "now": timezone.now(),
    }


def newest_connection(patient: Patient) -> Connection | None:
    """The one that stands, else the one that was withdrawn last."""
    connections = Connection.objects.of_patient(patient)
    found: Connection | None = connections.standing().first() or connections.order_by("-id").first()
    return found


def panel_of(connection: Connection) -> Panel:
    now = timezone.now()
    through = connection.data_through
    is_polled = connection.status in Connection.POLLED
    in_hand = connection.claimed_until is not None and connection.claimed_until > now
    is_due = connection.status == Status.ACTIVE and connection.next_due_at is not None and connection.next_due_at <= now
    return Panel(
        connection=connection,
        sentence=status_sentence(connection.status),
        error=error_sentence(connection.last_error),
        data_age=age_words(now - through) if through else "",
        is_stale=is_polled and through is not None and staleness(connection.region, through, now) > stale_after(),
        is_reading=is_polled and (in_hand or is_due),
        past=_past(connection) if connection.is_backfilling and connection.status == Status.ACTIVE else None,
    )


def allow_consent_pages(response: HttpResponse) -> None:
    """The form that begins a consent ends on Dexcom's page, which browsers count as a target of the form."""
    pages = sorted({_origin(application_of(region).base_url) for region in offered_regions()})
    if pages:
        response._csp_update = {"form-action": pages}  # type: ignore[attr-defined]


def _past(connection: Connection) -> Past | None:
    row = Progress.objects.filter(connection_id=connection.pk, resource=Resource.EGVS).first()
    if row is None or row.backfilled_to is None or row.backfill_floor is None or row.synced_through is None:
        return None
    whole = (row.synced_through - row.backfill_floor).total_seconds()
    done = (row.synced_through - row.backfilled_to).total_seconds()
    return Past(row.backfilled_to, row.backfill_floor, round(100 * min(done / whole, 1)) if whole > 0 else 100)


def _can_be_connected(connection: Connection | None) -> bool:
    return connection is None or connection.status in (
        Status.PENDING, Status.REAUTH_REQUIRED, Status.AUTH_SUSPECT, Status.REVOKED,
    )  # fmt: skip


def _possible(status: str) -> set[str]:
    acts = {
        Status.ACTIVE: {"sync", "pause"},
        Status.AUTH_SUSPECT: {"sync", "pause"},
        Status.PAUSED: {"resume"},
        Status.QUARANTINED: {"accept"},
    }
    found = acts.get(Status(status), set())
    return found | ({"disconnect"} if status != Status.REVOKED else set())


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def region_named(text: str) -> Region | None:
    return next((region for region in offered_regions() if region.value == text), None)
