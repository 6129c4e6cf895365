from __future__ import annotations

from celery import shared_task

from dexcom_sync.sync.work import backfill_due, organizations_with_due_connections, sync_due, sync_one
from tenancy.scope import organization_scope
from tenancy.tasks import OrganizationTask, PlatformTask, send_task


@shared_task(base=PlatformTask, name="dexcom.sweep", why="each clinic's connections are looked at in its scope")
def sweep() -> None:
    """A task for each clinic, so that a clinic of thousands does not hold the others up."""
    for organization_id in organizations_with_due_connections():
        with organization_scope(organization_id):
            send_task(sync_due_connections)
            send_task(read_the_past)


@shared_task(base=OrganizationTask, name="dexcom.sync_due")
def sync_due_connections() -> None:
    """Several at once divide the connections; what they do not finish the next sweep finds."""
    sync_due()


@shared_task(base=OrganizationTask, name="dexcom.backfill")
def read_the_past() -> None:
    backfill_due()


@shared_task(base=OrganizationTask, name="dexcom.sync_now")
def sync_now(connection_id: int) -> None:
    sync_one(connection_id)
