from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from devices.commands.sweep import organizations_with_steps, remove_old, take_due_steps
from tenancy.tasks import PlatformTask, in_each_organization


@shared_task(base=PlatformTask, name="devices.sweep_commands", why="each clinic's commands are looked at in its scope")
def sweep_commands() -> None:
    in_each_organization(
        lambda: take_due_steps(timezone.now()), failed="commands_not_swept", among=organizations_with_steps()
    )


@shared_task(base=PlatformTask, name="devices.remove_old_commands", why="each clinic's commands, in its scope")
def remove_old_commands() -> None:
    in_each_organization(lambda: remove_old(timezone.now()), failed="old_commands_not_removed")
