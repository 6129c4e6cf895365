from __future__ import annotations

from datetime import datetime

import structlog
from celery import shared_task
from django.utils import timezone

from alerts.deliveries.metrics import note_oldest_due
from alerts.deliveries.services import (
    escalate_due,
    oldest_due,
    organizations_to_escalate,
    organizations_with_deliveries,
    send_due,
)
from tenancy.scope import organization_scope
from tenancy.tasks import OrganizationTask, PlatformTask, in_each_organization, send_task

log = structlog.get_logger(__name__)


@shared_task(base=PlatformTask, name="alerts.send_deliveries", why="each clinic's messages are sent in its scope")
def send_deliveries() -> None:
    """A task for each clinic, so that one whose channels hang does not hold the others up."""
    waiting = []
    for organization_id in organizations_with_deliveries():
        with organization_scope(organization_id):
            if oldest := _since(organization_id):
                waiting.append(oldest)
            if not send_task(send_deliveries_of_clinic):
                _send(organization_id)
    note_oldest_due(min(waiting, default=None))


@shared_task(base=OrganizationTask, name="alerts.send_deliveries_of_clinic")
def send_deliveries_of_clinic() -> None:
    """Two at once divide the messages; what one does not finish the next beat finds."""
    send_due()


@shared_task(base=PlatformTask, name="alerts.escalate", why="each clinic's alarms escalate in its scope")
def escalate() -> None:
    """One clinic that fails does not stop the rest."""
    planned = in_each_organization(
        lambda: escalate_due(timezone.now()), failed="alarms_not_escalated", among=organizations_to_escalate()
    )
    if sum(planned):
        send_task(send_deliveries)


def _send(organization_id: int) -> None:
    """Without the broker."""
    try:
        send_due()
    except Exception:
        log.exception("alarms_not_sent", organization=organization_id)


def _since(organization_id: int) -> datetime | None:
    try:
        return oldest_due()
    except Exception:
        log.exception("outbox_not_read", organization=organization_id)
        return None
