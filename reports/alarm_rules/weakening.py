"""What of the clinic's safety a change takes away: told, and asked about, before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.engine.conditions import Node, in_words
from alerts.engine.conditions import words as counted
from alerts.engine.conditions.combined import All, Sustained
from alerts.engine.conditions.combined import Any as AnyOf
from alerts.engine.conditions.glucose import AtOrBelow, Below, PredictedBelow
from alerts.engine.conditions.signal import DeviceOffline, NoReadingFor
from alerts.models import PatientAlarms, PatientRule, RuleGroup, Severity
from alerts.rules import standing_for_clinic, standing_for_group
from alerts.rules.standing import Standing, StandingRule
from patients.models import Patient
from reports.alarm_rules.places import Place
from reports.alarm_rules.wording import UNKNOWN, readable

_ORDER = [Severity.LOW.value, Severity.MEDIUM.value, Severity.HIGH.value, Severity.CRITICAL.value]
# By the group's key; under None for patients in no group.
Standings = Mapping[int | None, Standing]


@dataclass(frozen=True, slots=True)
class Weakening:
    """``groups``: keys of the groups concerned, None for patients in none; empty for a patient of its own."""

    code: str
    sentence: str
    groups: tuple[int | None, ...]


def standings(place: Place) -> Standings:
    """What stands for all whom a change at this place may concern."""
    if place.patient:
        return {None: place.standing()}
    if place.group:
        return {place.group.pk: place.standing()}
    return {None: standing_for_clinic(), **{group.pk: standing_for_group(group) for group in RuleGroup.objects.all()}}


def weakenings(before: Standings, after: Standings, unit: str) -> list[Weakening]:
    found: dict[tuple[str, str], list[int | None]] = {}
    for group, rules in before.items():
        for code, rule in sorted(rules.items()):
            for said in _weaker(rule, after.get(group, {}).get(code), unit):
                found.setdefault((code, said), []).append(group)
    return [Weakening(code, said, tuple(groups)) for (code, said), groups in found.items()]


def for_whom(weakening: Weakening, place: Place, *, sees_everybody: bool) -> str:
    """ "For 214 patients": whose own rules do not say otherwise."""
    if place.patient:
        return f"For {place.patient}"
    in_groups = PatientAlarms.objects.filter(group_id__isnull=False)
    patients = Patient.objects.current().exclude(
        pk__in=PatientRule.objects.filter(code=weakening.code).values("patient_id")
    )
    keys = [key for key in weakening.groups if key is not None]
    members = patients.filter(pk__in=in_groups.filter(group_id__in=keys).values("patient_id"))
    count = members.count()
    if None in weakening.groups:
        count += patients.exclude(pk__in=in_groups.values("patient_id")).count()
    said = f"For {count} patient{'' if count == 1 else 's'}"
    return said if sees_everybody else f"{said} of yours, and for those of others"


def _weaker(before: StandingRule, after: StandingRule | None, unit: str) -> list[str]:
    if not before.is_on:
        return []
    was = readable(before.condition)
    is_safety = was is None or _is_about_safety(was)
    said = []
    if after is None or not after.is_on:
        if is_safety or _is_grave(before):
            said.append(f"“{before.name}” does not alarm any more")
        return said
    if _is_grave(before) and _ORDER.index(after.severity) < _ORDER.index(before.severity):
        said.append(f"“{after.name}” is of severity {after.severity} instead of {before.severity}")
    if is_safety:
        said += _weaker_safety(before, after, was, unit)
    return said


def _weaker_safety(before: StandingRule, after: StandingRule, was: Node | None, unit: str) -> list[str]:
    said = []
    if after.confirm_minutes > before.confirm_minutes:
        former = counted.minutes(before.confirm_minutes) if before.confirm_minutes else "not at all"
        said.append(f"“{after.name}” waits {counted.minutes(after.confirm_minutes)} instead of {former}")
    now = readable(after.condition)
    if was is None or now is None or not _holds_whenever(now, was):
        new, old = (UNKNOWN if node is None else in_words(node, unit) for node in (now, was))
        if new != old:
            said.append(f"“{after.name}” alarms on “{new}” instead of on “{old}”")
    if before.repeat_minutes and (after.repeat_minutes or 10_000) > before.repeat_minutes:
        again = f"every {counted.minutes(after.repeat_minutes)}" if after.repeat_minutes else "never"
        said.append(f"“{after.name}” rings again {again} instead of every {counted.minutes(before.repeat_minutes)}")
    return said


def _is_grave(rule: StandingRule) -> bool:
    return rule.severity in (Severity.HIGH, Severity.CRITICAL)


def _is_about_safety(condition: Node) -> bool:
    return any(node.direction == "low" or isinstance(node, NoReadingFor | DeviceOffline) for node in condition.walk())


def _holds_whenever(now: Node, was: Node) -> bool:
    """Whether it surely holds wherever the former did. False where that cannot be seen from their forms."""
    if now == was:
        return True
    if isinstance(now, AnyOf) and not isinstance(was, AnyOf):
        return any(_holds_whenever(child, was) for child in now.of)
    if type(now) is type(was) and isinstance(now, AnyOf | All) and isinstance(was, AnyOf | All):
        if isinstance(now, AnyOf):
            return all(any(_holds_whenever(child, former) for child in now.of) for former in was.of)
        return all(any(_holds_whenever(child, former) for former in was.of) for child in now.of)
    return _leaf_holds_whenever(now, was)


def _leaf_holds_whenever(now: Any, was: Any) -> bool:
    match now, was:
        case (Below(), Below()) | (AtOrBelow(), AtOrBelow()) | (AtOrBelow(), Below()):
            return bool(now.mgdl >= was.mgdl)
        case Below(), AtOrBelow():
            return bool(now.mgdl > was.mgdl)
        case (NoReadingFor(), NoReadingFor()) | (DeviceOffline(), DeviceOffline()):
            return bool(now.minutes <= was.minutes)
        case Sustained(), Sustained():
            return now.minutes <= was.minutes and _holds_whenever(now.of, was.of)
        case PredictedBelow(), PredictedBelow():
            # Its method, and "not there yet", make other limits incomparable in general; a longer look is wider.
            same = now.model_copy(update={"within_minutes": was.within_minutes}) == was
            return same and now.method == "linear" and now.within_minutes >= was.within_minutes
        case _:
            return False
