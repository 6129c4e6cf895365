"""What became of the rules: who changed what, and when, from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.models import Rule
from audit.actions import Action
from audit.models import Entry
from audit.wording import action_words
from reports.alarm_rules.places import Place
from reports.alarm_rules.wording import field_words, value_words

SHOWN = 30
OF_CLINIC = ["alerts.rule", "alerts.rulegroup", "alerts.clinicalarms"]
OF_PATIENT = ["alerts.patientrule", "alerts.patientalarms"]
# Of a rule that is new or gone, what tells it; of one that was changed, everything.
_TELLING = ("condition", "severity", "confirm_minutes", "is_on", "preset", "group", "quiet_from", "quiet_until")
_NOT_SHOWN = {"patient", "changed_at", "preset_version", "code"}


@dataclass(frozen=True, slots=True)
class RuleChange:
    """``lines``: the field, what it said and what it says, in words."""

    at: datetime
    who: str
    what: str
    lines: list[tuple[str, str, str]]


def rule_changes(place: Place, unit: str) -> list[RuleChange]:
    entries = list(_entries(place).newest_first()[:SHOWN])
    names = {str(key): name for key, name in Rule.objects.values_list("public_id", "name")}
    for entry in entries:
        for field, old, new in entry.changes or []:
            if field == "name":
                names.setdefault(entry.object_id, new or old)
    return [_change(entry, names.get(entry.object_id, ""), unit) for entry in entries]


def _entries(place: Place) -> Any:
    done = Entry.objects.filter(action__in=[Action.CREATE.value, Action.UPDATE.value, Action.DELETE.value])
    if place.patient:
        return done.about_patient(place.patient.pk).filter(object_type__in=OF_PATIENT)
    if place.group:
        rules = Rule.objects.of_group(place.group).values_list("public_id", flat=True)
        ids = [str(place.group.public_id), *(str(key) for key in rules)]
        return done.filter(object_type__in=OF_CLINIC, object_id__in=ids)
    return done.filter(object_type__in=OF_CLINIC)


def _change(entry: Entry, name: str, unit: str) -> RuleChange:
    is_update = entry.action == Action.UPDATE.value
    lines = [
        (field_words(field), value_words(field, old, unit) if old is not None else "", value_words(field, new, unit))
        for field, old, new in entry.changes or []
        if field not in _NOT_SHOWN and (is_update or field in _TELLING)
    ]
    kind = {"alerts.clinicalarms": "preset of the clinic", "alerts.patientalarms": "group and quiet hours"}
    what = name or kind.get(entry.object_type, "rule")
    return RuleChange(entry.at, entry.actor_name or entry.actor_kind, f"{action_words(entry)}: {what}", lines)
