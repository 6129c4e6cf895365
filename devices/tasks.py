from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from devices.commands.tasks import remove_old_commands, sweep_commands
from devices.fleet.tasks import keep_months, remove_old_logs, tell_of_keys
from devices.presence import organizations_with_news, tell_changes
from tenancy.tasks import PlatformTask, in_each_organization

__all__ = [
    "keep_months",
    "remove_old_commands",
    "remove_old_logs",
    "sweep_commands",
    "tell_changes_of_devices",
    "tell_of_keys",
]


@shared_task(base=PlatformTask, name="devices.tell_changes", why="each clinic's devices are looked at in its scope")
def tell_changes_of_devices() -> None:
    in_each_organization(
        lambda: tell_changes(timezone.now()), failed="changes_of_devices_not_told", among=organizations_with_news()
    )
