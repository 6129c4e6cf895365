from __future__ import annotations

from celery import shared_task

from reports.glucose_report.batches.services import make_reports, remove_expired_batches
from tenancy.tasks import OrganizationTask, PlatformTask, in_each_organization, send_task

# About ten seconds of work; what waits behind it is not kept longer.
REPORTS_AT_ONCE = 50


@shared_task(base=OrganizationTask, name="reports.make_batch", ignore_result=True)
def make_batch() -> None:
    """A piece of the clinic's reports, and a task for the next where there may be more."""
    if make_reports(limit=REPORTS_AT_ONCE) == REPORTS_AT_ONCE:
        send_task(make_batch)


@shared_task(base=PlatformTask, name="reports.resume_batches", why="each clinic's reports are made in its scope")
def resume_batches() -> None:
    """What no task came for: a worker was stopped, or the broker was away."""
    in_each_organization(lambda: make_reports(limit=REPORTS_AT_ONCE), failed="reports_not_made")


@shared_task(base=PlatformTask, name="reports.remove_expired", why="each clinic's reports go in a scope of its own")
def remove_expired() -> None:
    in_each_organization(remove_expired_batches, failed="reports_not_expired")
