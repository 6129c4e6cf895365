from __future__ import annotations

from celery import shared_task

from dexcom_sync.keeping_alive import keep_alive
from dexcom_sync.reminders import remind
from dexcom_sync.retention import remove_expired
from dexcom_sync.sync.work import backfill_due, organizations_with_due_connections, sync_due, sync_one
from dexcom_sync.telling import tell_of_all
from tenancy.tasks import OrganizationTask, PlatformTask, in_each_organization, send_task


@shared_task(base=PlatformTask, name="dexcom.sweep", why="each clinic's connections are looked at in its scope")
def sweep() -> None:
    """A task for each clinic, so that a clinic of thousands does not hold the others up."""
    in_each_organization(
        lambda: (send_task(sync_due_connections), send_task(read_the_past)),
        failed="dexcom_work_not_sent",
        among=organizations_with_due_connections(),
    )


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


@shared_task(base=PlatformTask, name="dexcom.tell", why="metrics are of all clinics together")
def tell() -> None:
    tell_of_all()


@shared_task(base=PlatformTask, name="dexcom.keep", why="each clinic's tokens are used in its scope")
def keep() -> None:
    """Once an hour: refresh tokens that nobody uses, and mails about those that end."""
    in_each_organization(
        lambda: (send_task(keep_tokens_alive), send_task(send_reminders)), failed="dexcom_care_not_sent"
    )


@shared_task(base=OrganizationTask, name="dexcom.keep_alive")
def keep_tokens_alive() -> None:
    keep_alive()


@shared_task(base=OrganizationTask, name="dexcom.remind")
def send_reminders() -> None:
    remind()


@shared_task(base=PlatformTask, name="dexcom.remove_expired", why="each clinic's pages go in a scope of its own")
def remove_expired_pages() -> None:
    in_each_organization(remove_expired, failed="dexcom_pages_not_expired")
