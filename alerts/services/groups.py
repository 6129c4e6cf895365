"""Groups of patients who share rules."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from alerts.deliveries.setup import remove_contact
from alerts.models import Contact, PatientAlarms, Rule, RuleGroup
from alerts.services.choices import pinned
from alerts.services.rules import reset_rule
from alerts.services.waking import look_again
from audit.actions import Action
from audit.changes import apply_changes, record_creation
from audit.services import record
from patients.models import Patient
from tenancy.refusals import Refusal

# Follows from the preset, and is empty without one.
PINNED = {"preset_version"}


class GroupInUse(Refusal):
    status_code = 409

    def __init__(self) -> None:
        super().__init__("The group has patients. Move them to another group, or to none, first.")


@transaction.atomic
def create_group(*, name: str, preset: str = "") -> RuleGroup:
    """``preset``: its newest version stands for the group's patients; empty: the clinic's."""
    group = RuleGroup(name=name, **_preset_columns(preset))
    group.full_clean(exclude=PINNED)
    group.save(force_insert=True)
    record_creation(group, object_id=str(group.public_id))
    return group


@transaction.atomic
def change_group(*, group: RuleGroup, name: str | None = None, preset: str | None = None) -> RuleGroup:
    locked: RuleGroup = RuleGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
    changes: dict[str, Any] = {} if name is None else {"name": name}
    if preset is not None:
        changes |= _preset_columns(preset)
    apply_changes(locked, changes, object_id=str(locked.public_id), exclude=PINNED)
    look_again()
    return locked


def _preset_columns(preset: str) -> dict[str, Any]:
    if not preset:
        return {"preset": "", "preset_version": None}
    chosen = pinned(preset)
    return {"preset": chosen.name, "preset_version": chosen.version}


@transaction.atomic
def delete_group(*, group: RuleGroup) -> None:
    """With its rules and contacts. Raises GroupInUse where it has patients, also those whom the caller does not see."""
    for rule in Rule.objects.of_group(group):
        reset_rule(rule=rule, reason="its group was deleted")
    for contact in Contact.objects.for_group(group.pk):
        remove_contact(contact=contact)
    record(
        action=Action.DELETE,
        object_type="alerts.rulegroup",
        object_id=str(group.public_id),
        changes={"name": (group.name, None)},
    )
    try:
        with transaction.atomic():
            group.delete()
    except IntegrityError:
        raise GroupInUse from None


@transaction.atomic
def put_in_group(*, patient: Patient, group: RuleGroup | None) -> PatientAlarms:
    """A patient is in one group at most; None: in none."""
    alarms = alarms_of(patient)
    apply_changes(alarms, {"group": group}, object_id=patient.code, patient_id=patient.pk)
    look_again(patient)
    return alarms


def alarms_of(patient: Patient) -> PatientAlarms:
    """The patient's row, made where there is none, and held until the transaction ends."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    alarms: PatientAlarms | None = PatientAlarms.objects.filter(patient_id=patient.pk).first()
    if alarms is None:
        alarms = PatientAlarms(patient=patient)
        alarms.save(force_insert=True)
        record_creation(alarms, object_id=patient.code, patient_id=patient.pk)
    return alarms
