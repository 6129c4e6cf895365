"""The one door for changes to templates of commands."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.actions import Action
from audit.changes import apply_changes, record_creation
from audit.services import record
from devices.commands.models import CommandTemplate
from devices.commands.parameters import checked


@transaction.atomic
def create_template(**fields: Any) -> CommandTemplate:
    """Raises ValidationError, as the functions below."""
    template = CommandTemplate(**fields)
    template.full_clean()
    template.parameters = checked(template.type, template.parameters)
    template.save()
    record_creation(template, object_id=str(template.public_id))
    return template


@transaction.atomic
def change_template(*, template: CommandTemplate, changes: dict[str, Any]) -> CommandTemplate:
    locked: CommandTemplate = CommandTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    checked(changes.get("type", locked.type), changes.get("parameters", locked.parameters))
    apply_changes(locked, changes, object_id=str(locked.public_id))
    return locked


@transaction.atomic
def remove_template(*, template: CommandTemplate) -> None:
    """Commands that were made of it stay as they are."""
    object_id = str(template.public_id)
    template.delete()
    record(action=Action.DELETE, object_type="devices.commandtemplate", object_id=object_id, reason=template.name)
