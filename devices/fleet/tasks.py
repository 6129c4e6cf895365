from __future__ import annotations

import structlog
from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from devices.fleet import keeping
from devices.fleet.ending_keys import organizations_with_ending_keys, tell_of_ending_keys
from tenancy.tasks import PlatformTask, in_each_organization

log = structlog.get_logger(__name__)


@shared_task(base=PlatformTask, name="devices.keep_months", why="months are the whole platform's")
def keep_months() -> None:
    keeping.SAMPLES.ensure_months()
    keeping.LOGS.ensure_months()
    try:
        keeping.drop_old_months()
    except OperationalError:
        log.warning(
            "months_not_dropped", advice="Heartbeats or logs were in use for longer; the next night tries again."
        )


@shared_task(base=PlatformTask, name="devices.remove_old_logs", why="each clinic's logs go in a scope of its own")
def remove_old_logs() -> None:
    in_each_organization(keeping.remove_old_entries, failed="device_logs_not_removed")


@shared_task(base=PlatformTask, name="devices.tell_of_ending_keys", why="each clinic's people are told in its scope")
def tell_of_keys() -> None:
    in_each_organization(
        lambda: tell_of_ending_keys(timezone.now()),
        failed="ending_keys_not_told",
        among=organizations_with_ending_keys(),
    )
