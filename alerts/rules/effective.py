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
from django.db import connection

from alerts.engine.conditions import ConditionError, Node, read_condition
from alerts.engine.machine import RulePlan
from alerts.models import ClinicAlarms, PatientRule, Rule, RuleGroup
from alerts.rules.choice import choice_of, group_choice
from alerts.rules.standing import Standing, StandingRule, laid_over, of_preset, with_preset_of_group
from tenancy.scope import required_organization_id

_RULE = "code, name, severity, condition, confirm_minutes, close_minutes, margin, repeat_minutes, is_on"
ROWS = f"""
WITH rule AS (
    SELECT group_id, {_RULE} FROM alerts_rule WHERE organization_id = %(organization_id)s
), own AS (
    SELECT patient_id, {_RULE} FROM alerts_patientrule
     WHERE organization_id = %(organization_id)s AND patient_id = ANY (%(patient_id)s)
), member AS (
    SELECT patient_id, group_id FROM alerts_patientalarms
     WHERE organization_id = %(organization_id)s AND patient_id = ANY (%(patient_id)s) AND group_id IS NOT NULL
)
SELECT json_build_object(
           'clinic', (SELECT json_build_object('preset', preset, 'preset_version', preset_version)
                        FROM alerts_clinicalarms WHERE organization_id = %(organization_id)s),
           'groups', (SELECT COALESCE(json_agg(json_build_object('id', id, 'preset', preset,
                                                                 'preset_version', preset_version) ORDER BY id), '[]')
                        FROM alerts_rulegroup WHERE organization_id = %(organization_id)s),
           'rules', (SELECT COALESCE(json_agg(rule ORDER BY group_id, code), '[]') FROM rule))::text,
       (SELECT COALESCE(json_agg(own ORDER BY code), '[]') FROM own)::text,
       (SELECT COALESCE(json_object_agg(patient_id, group_id), '{{}}') FROM member)::text
"""  # noqa: S608  the names of columns

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

    One query, however many patients. What the clinic and its groups say is made ready once for as long as they say it.
    """
    wanted = set(patient_ids)
    said, own, group_of = _rows(wanted)
    of_patients: dict[int, list[PatientRule]] = defaultdict(list)
    for row in own:
        of_patients[row["patient_id"]].append(PatientRule(**row))
    shared = _shared(said)
    found = {}
    for patient_id in wanted:
        standing, ready = shared[group_of.get(str(patient_id))]
        own_rows = of_patients.get(patient_id)
        found[patient_id] = _ready(laid_over(standing, own_rows)) if own_rows else ready
    return found


def _rows(patient_ids: Iterable[int]) -> tuple[str, list[dict[str, Any]], dict[str, int]]:
    """What the clinic and its groups say, as one text; the patients' own rules; the groups of those who have one."""
    with connection.cursor() as cursor:
        place: dict[str, Any] = {"organization_id": required_organization_id(), "patient_id": list(patient_ids)}
        cursor.execute(ROWS, place)
        said, own, members = cursor.fetchone()
    return said, json.loads(own), json.loads(members)


@lru_cache(maxsize=1_000)
def _shared(said: str) -> dict[int | None, tuple[Standing, tuple[EffectiveRule, ...]]]:
    """By group; under None: for patients in no group. The text is all that counts: another one is another entry."""
    told = json.loads(said)
    rows: dict[int | None, list[Rule]] = defaultdict(list)
    for row in told["rules"]:
        rows[row["group_id"]].append(Rule(**row))
    choice = choice_of(ClinicAlarms(**told["clinic"]) if told["clinic"] else None)
    clinics = laid_over(of_preset(choice), rows[None])
    by_group: dict[int | None, Standing] = {None: clinics}
    for group in (RuleGroup(**row) for row in told["groups"]):
        below = with_preset_of_group(clinics, group_choice(group), choice)
        by_group[group.pk] = laid_over(below, rows[group.pk])
    return {group_id: (standing, _ready(standing)) for group_id, standing in by_group.items()}


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
