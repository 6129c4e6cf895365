"""What a clinic chose about its alarms: the preset, and how much a message may tell."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from alerts.models import ClinicAlarms
from alerts.presets import VERSION, presets
from alerts.rules.choice import PresetChoice, clinic_choice
from alerts.services.waking import look_again
from audit.changes import apply_changes, record_creation
from tenancy.models import Organization
from tenancy.scope import required_organization_id


@transaction.atomic
def choose_for_clinic(*, preset: str | None = None, message_detail: str | None = None) -> ClinicAlarms:
    """``preset``: its newest version from now on; the one that is chosen already goes to its newest version too."""
    # The row is made at the first choice: two first choices wait for each other here.
    Organization.objects.select_for_update(no_key=True).get(pk=required_organization_id())
    changes: dict[str, Any] = {}
    if preset is not None:
        chosen = pinned(preset)
        changes |= {"preset": chosen.name, "preset_version": chosen.version}
    if message_detail is not None:
        changes["message_detail"] = message_detail
    row: ClinicAlarms | None = ClinicAlarms.objects.first()
    if row is None:
        choice = clinic_choice()
        row = ClinicAlarms(**{"preset": choice.name, "preset_version": choice.version, **changes})
        row.full_clean()
        row.save(force_insert=True)
        record_creation(row, object_id="clinic")
    else:
        apply_changes(row, changes, object_id="clinic")
    look_again()
    return row


def pinned(preset: str) -> PresetChoice:
    known = [one.code for one in presets()]
    if preset not in known:
        sentence = f"There is no preset {preset}; there are {', '.join(known)}."
        raise ValidationError({"preset": ValidationError(sentence, code="unknown")})
    return PresetChoice(preset, VERSION)
