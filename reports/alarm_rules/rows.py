"""The rules in force, each as a line of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from alerts.models import PatientRule
from alerts.rules import rules_below
from alerts.rules.choice import clinic_choice
from alerts.rules.standing import Level, Standing, StandingRule
from reports.alarm_rules.choosing import followed, preset_words
from reports.alarm_rules.places import Place, came_from
from reports.alarm_rules.wording import differences, sentence


@dataclass(frozen=True, slots=True)
class RuleRow:
    """``replaces``: what stands below and what is different here; empty where nothing is replaced.

    ``query``: names the rule and the place in the editor's address.
    """

    rule: StandingRule
    sentence: str
    origin: str
    replaces: str
    can_be_reset: bool
    query: str


def rule_rows(place: Place, unit: str) -> list[RuleRow]:
    """Those that are on first, the gravest of them first."""
    standing = place.standing()
    below = _below_each_level(place, standing)
    preset = preset_words((followed(place) if place.group else None) or clinic_choice())
    order = ["critical", "high", "medium", "low"]
    rules = sorted(standing.values(), key=lambda rule: (not rule.is_on, order.index(rule.severity), rule.name))
    return [
        RuleRow(
            rule=rule,
            sentence=sentence(rule, unit),
            origin=came_from(rule, place, preset),
            replaces=_replaces(rule, below.get(rule.level, {}), unit),
            can_be_reset=rule.level == place.level,
            query=urlencode({"rule": rule.code, **place.query}),
        )
        for rule in rules
    ]


def _below_each_level(place: Place, standing: Standing) -> Mapping[Level, Standing]:
    found: dict[Level, Standing] = {}
    for rule in standing.values():
        if rule.row is not None and rule.level not in found:
            group = None if isinstance(rule.row, PatientRule) else rule.row.group
            patient = place.patient if isinstance(rule.row, PatientRule) else None
            found[rule.level] = rules_below(group=group, patient=patient)
    return found


def _replaces(rule: StandingRule, below: Standing, unit: str) -> str:
    former = below.get(rule.code)
    if rule.row is None or former is None:
        return ""
    where = {Level.PRESET: "preset", Level.CLINIC: "clinic", Level.GROUP: "group"}.get(former.level, "")
    return f"Replaces the {where}'s: {'; '.join(differences(former, rule, unit)) or 'says the same'}."
