from __future__ import annotations

from datetime import datetime

import structlog
from celery import shared_task
from django.db import OperationalError

from readings import partitions
from readings.importing.jobs import run_import as run_import_job
from readings.importing.jobs import sweep_imports as sweep_imports_of_clinic
from readings.retention import remove_expired_readings
from readings.summaries import backlog, note_oldest_mark, organizations_with_dirty_days, summarise_dirty_days
from tenancy.scope import organization_scope
from tenancy.tasks import OrganizationTask, PlatformTask, in_each_organization

log = structlog.get_logger(__name__)


@shared_task(base=PlatformTask, name="readings.ensure_partitions", why="months are the whole platform's")
def ensure_partitions() -> None:
    partitions.ensure_months()
    partitions.SENSOR_VALUES.ensure_months()
    try:
        partitions.drop_empty_months()
    except OperationalError:
        log.warning("months_not_dropped", advice="The readings were in use for longer; the next night tries again.")


@shared_task(base=PlatformTask, name="readings.summarise", why="each clinic's days are summarised in its scope")
def summarise() -> None:
    oldest = [_summarise_clinic(organization_id) for organization_id in organizations_with_dirty_days()]
    note_oldest_mark(min((marked_at for marked_at in oldest if marked_at), default=None))


def _summarise_clinic(organization_id: int) -> datetime | None:
    """One clinic that fails does not stop the rest. Returns the oldest mark that is left."""
    with organization_scope(organization_id):
        try:
            summarise_dirty_days()
        except Exception:
            log.exception("organization_not_summarised", organization=organization_id)
        return backlog().oldest


@shared_task(base=PlatformTask, name="readings.remove_expired", why="each clinic's readings go in a scope of its own")
def remove_expired() -> None:
    in_each_organization(remove_expired_readings, failed="readings_not_expired")


@shared_task(base=OrganizationTask, name="readings.run_import", ignore_result=True)
def run_import(job_id: int) -> None:
    run_import_job(job_id)


@shared_task(base=PlatformTask, name="readings.sweep_imports", why="each clinic's imports go on in its scope")
def sweep_imports() -> None:
    """What no task came for: a worker was stopped, or the broker was away."""
    in_each_organization(sweep_imports_of_clinic, failed="imports_not_swept")
