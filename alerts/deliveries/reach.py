"""Who would be told: for a patient by name, and for the clinic whether anybody would at all."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import time, timedelta

from accounts.models import Membership
from alerts.deliveries.planning import STEPS
from alerts.deliveries.recipients import by_default, contacts_at, is_usable
from alerts.models import Channel, Contact, PatientAlarms, Severity
from alerts.models.delivery import LAST_LEVEL
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Told:
    member: Membership | None
    channel: Channel | None
    minimum_severity: str = Severity.LOW


@dataclass(frozen=True, slots=True)
class Level:
    level: int
    after_minutes: int
    named_by: str
    told: list[Told]


@dataclass(frozen=True, slots=True)
class Reach:
    levels: list[Level]
    group: uuid.UUID | None
    notifies: bool
    quiet_hours: tuple[time, time] | None


def who_is_told(patient: Patient) -> Reach:
    alarms = PatientAlarms.objects.filter(patient_id=patient.pk).select_related("group").first()
    group_id = alarms.group_id if alarms else None
    levels = [_level(patient, group_id, level) for level in range(LAST_LEVEL + 1)]
    quiet = (alarms.quiet_from, alarms.quiet_until) if alarms else (None, None)
    return Reach(
        levels=levels,
        group=alarms.group.public_id if alarms and alarms.group else None,
        notifies=alarms.notifies if alarms else True,
        quiet_hours=(quiet[0], quiet[1]) if quiet[0] is not None and quiet[1] is not None else None,
    )


def _level(patient: Patient, group_id: int | None, level: int) -> Level:
    after = sum((STEPS[step] for step in range(1, level + 1)), timedelta())
    minutes = int(after.total_seconds() // 60)
    for contacts in contacts_at(level, group_id):
        if usable := [one for one in contacts if is_usable(one)]:
            told = [Told(one.member, one.channel, one.minimum_severity) for one in usable]
            return Level(level, minutes, "clinic" if usable[0].group_id is None else "group", told)
    members = Membership.objects.filter(pk__in=[one.member_id for one in by_default(patient.pk, level)])
    return Level(level, minutes, "nobody", [Told(member, None) for member in members])


def reaches_nobody_named() -> bool:
    """Of the clinic: no contact at level 0 that could be told of a critical alarm."""
    contacts = Contact.objects.for_group(None).filter(position=0).select_related("member", "channel")
    return not any(is_usable(one) for one in contacts)
