"""What the staff's browser sounds for and notifies of: all that this person should hear, whatever the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from alerts.deliveries.messages import notice_of
from alerts.models import ClinicAlarms, Episode, Severity
from reports.alarm_board.choices import audible
from tenancy.models import Organization

MOST_HEARD = 100


@dataclass(frozen=True, slots=True)
class Heard:
    """``notice``: no more than the clinic lets its messages tell, for it may show on a locked screen."""

    id: str
    severity: str
    notice: str


@dataclass(frozen=True, slots=True)
class Totals:
    open: int
    unacknowledged: int
    critical: int


def heard_by(member_id: int | None, clinic: Organization, now: datetime) -> list[Heard]:
    detail = ClinicAlarms.objects.values_list("message_detail", flat=True).first() or ClinicAlarms.Detail.CODE
    episodes = audible(member_id, now).select_related("patient")[:MOST_HEARD]
    return [
        Heard(
            id=str(episode.public_id),
            severity=episode.severity,
            notice=notice_of(episode, code=episode.patient.code, clinic=clinic, detail=detail),
        )
        for episode in episodes
    ]


def totals() -> Totals:
    unacknowledged = Q(acknowledged_at__isnull=True)
    counted = (
        Episode.objects.alarming()
        .confirmed()
        .aggregate(
            open=Count("pk"),
            unacknowledged=Count("pk", filter=unacknowledged),
            critical=Count("pk", filter=unacknowledged & Q(severity=Severity.CRITICAL)),
        )
    )
    return Totals(**counted)
