"""The rules of many patients at once, ready to run."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import structlog

from alerts.engine.conditions import ConditionError, Node, read_condition
from alerts.engine.machine import RulePlan
from alerts.models import PatientAlarms, PatientRule, Rule, RuleGroup
from alerts.rules.choice import clinic_choice, group_choice
from alerts.rules.standing import Standing, StandingRule, laid_over, of_preset, with_preset_of_group

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EffectiveRule(RulePlan):
    """A plan, with what an episode keeps of its rule and what deliveries go by."""

    name: str = ""
    repeat_minutes: int | None = None
    again_minutes: int | None = None
    # Tells whether the condition is still the one that a state remembers parts of.
    fingerprint: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "condition": self.condition.to_json(),
            "confirm_minutes": self.confirm_minutes,
            "close_minutes": self.close_minutes,
            "margin": self.margin,
            "repeat_minutes": self.repeat_minutes,
            "again_minutes": self.again_minutes,
        }


def effective_rules(patient_ids: Iterable[int]) -> dict[int, tuple[EffectiveRule, ...]]:
    """For each of these patients of the clinic in scope the rules that are on, in the order of their codes.

    Five queries, however many patients; conditions are compiled once for all who share them.
    """
    wanted = set(patient_ids)
    of_patients: dict[int, list[PatientRule]] = defaultdict(list)
    for row in PatientRule.objects.filter(patient_id__in=wanted):
        of_patients[row.patient_id].append(row)
    members = PatientAlarms.objects.filter(patient_id__in=wanted, group_id__isnull=False)
    group_of = dict(members.values_list("patient_id", "group_id"))
    by_group = _standing_by_group()
    shared: dict[int | None, tuple[EffectiveRule, ...]] = {}
    found = {}
    for patient_id in wanted:
        group_id = group_of.get(patient_id)
        if patient_id in of_patients:
            found[patient_id] = _ready(laid_over(by_group[group_id], of_patients[patient_id]))
            continue
        if group_id not in shared:
            shared[group_id] = _ready(by_group[group_id])
        found[patient_id] = shared[group_id]
    return found


def _standing_by_group() -> dict[int | None, Standing]:
    """Under None: for patients in no group."""
    rows: dict[int | None, list[Rule]] = defaultdict(list)
    for row in Rule.objects.all():
        rows[row.group_id].append(row)
    choice = clinic_choice()
    clinics = laid_over(of_preset(choice), rows[None])
    by_group: dict[int | None, Standing] = {None: clinics}
    for group in RuleGroup.objects.all():
        below = with_preset_of_group(clinics, group_choice(group), choice)
        by_group[group.pk] = laid_over(below, rows[group.pk])
    return by_group


def _ready(standing: Standing) -> tuple[EffectiveRule, ...]:
    plans = (ready_rule(standing[code]) for code in sorted(standing) if standing[code].is_on)
    return tuple(plan for plan in plans if plan is not None)


def ready_rule(rule: StandingRule) -> EffectiveRule | None:
    """None where the condition is of a kind that this version does not know: one rule must not stop the others."""
    try:
        text = json.dumps(rule.condition, sort_keys=True)
        condition = _compiled(text)
    except ConditionError:
        log.exception("alert_rule_unreadable", rule=rule.code, level=rule.level.value)
        return None
    return EffectiveRule(
        code=rule.code,
        severity=rule.severity,
        condition=condition,
        confirm_minutes=rule.confirm_minutes,
        close_minutes=rule.close_minutes,
        margin=rule.margin,
        name=rule.name,
        repeat_minutes=rule.repeat_minutes,
        again_minutes=rule.again_minutes,
        fingerprint=f"{zlib.crc32(text.encode()):08x}",
    )


@lru_cache(maxsize=10_000)
def _compiled(text: str) -> Node:
    return read_condition(json.loads(text))
