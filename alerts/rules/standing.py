"""Rules of several levels, laid over each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from alerts.models import PatientAlarms, PatientRule, Rule, RuleGroup
from alerts.presets import PresetRule, preset
from alerts.rules.choice import PresetChoice, clinic_choice, group_choice
from alerts.rules.guarded import is_guarded, problems_of_guarded
from patients.models import Patient

# Columns that a row of any level has in common with a preset's rule.
SAID = ("name", "severity", "condition", "confirm_minutes", "close_minutes", "margin", "repeat_minutes", "is_on")


class Level(StrEnum):
    PRESET = "preset"
    CLINIC = "clinic"
    GROUP = "group"
    PATIENT = "patient"


@dataclass(frozen=True)
class StandingRule:
    """What a rule says, and where it comes from. ``row`` is None where no row of the clinic says it."""

    code: str
    name: str
    severity: str
    condition: Any
    confirm_minutes: int
    close_minutes: int
    margin: int
    repeat_minutes: int | None
    is_on: bool
    level: Level
    # No column: how often the guarded alarm comes back is the platform's word.
    again_minutes: int | None = None
    row: Rule | PatientRule | None = None

    @property
    def can_be_switched_off(self) -> bool:
        return not is_guarded(self.code)

    @classmethod
    def of_preset(cls, rule: PresetRule) -> StandingRule:
        said = {**{name: getattr(rule, name) for name in SAID}, "condition": rule.condition.to_json()}
        return cls(code=rule.code, level=Level.PRESET, again_minutes=rule.again_minutes, **said)

    @classmethod
    def of_row(cls, row: Rule | PatientRule, below: StandingRule | None) -> StandingRule:
        again_minutes = below.again_minutes if below else None
        return cls(code=row.code, level=level_of(row), again_minutes=again_minutes, row=row, **values_of(row))

    def says_the_same(self, other: StandingRule | None) -> bool:
        return other is not None and values_of(self) == values_of(other)


Standing = Mapping[str, StandingRule]


def level_of(row: Rule | PatientRule) -> Level:
    if isinstance(row, PatientRule):
        return Level.PATIENT
    return Level.CLINIC if row.group_id is None else Level.GROUP


def values_of(rule: Any) -> dict[str, Any]:
    """Of a row, or of a rule that stands."""
    return {name: getattr(rule, name) for name in SAID}


def of_preset(choice: PresetChoice) -> Standing:
    return _of_preset(choice.name, choice.version)


@cache
def _of_preset(name: str, version: int) -> Standing:
    return {rule.code: StandingRule.of_preset(rule) for rule in preset(name, version).rules}


def laid_over(below: Standing, rows: Iterable[Rule | PatientRule]) -> Standing:
    # What the doors refuse of a guarded rule counts nothing, whatever else wrote it: nobody loses that alarm by it.
    sound = (row for row in rows if not is_guarded(row.code) or not problems_of_guarded(values_of(row)))
    return {**below, **{row.code: StandingRule.of_row(row, below.get(row.code)) for row in sound}}


def with_preset_of_group(clinics: Standing, chosen: PresetChoice | None, of_clinic: PresetChoice) -> Standing:
    """A group's preset counts where it differs from the clinic's: there the group is meant, elsewhere the clinic."""
    if chosen is None or chosen == of_clinic:
        return clinics
    usual = of_preset(of_clinic)
    different = {code: rule for code, rule in of_preset(chosen).items() if not rule.says_the_same(usual.get(code))}
    return {**clinics, **different}


def standing_for_clinic() -> Standing:
    return laid_over(of_preset(clinic_choice()), Rule.objects.of_clinic())


def _below_group(group: RuleGroup) -> Standing:
    return with_preset_of_group(standing_for_clinic(), group_choice(group), clinic_choice())


def standing_for_group(group: RuleGroup) -> Standing:
    return laid_over(_below_group(group), Rule.objects.of_group(group))


def standing_for_patient(patient: Patient) -> Standing:
    return laid_over(_below_patient(patient), PatientRule.objects.filter(patient_id=patient.pk))


def _below_patient(patient: Patient) -> Standing:
    alarms = PatientAlarms.objects.select_related("group").filter(patient_id=patient.pk).first()
    group = alarms.group if alarms else None
    return standing_for_clinic() if group is None else standing_for_group(group)


def rules_below(*, group: RuleGroup | None = None, patient: Patient | None = None) -> Standing:
    """What would stand without the rows of this level; of the clinic without either."""
    if patient is not None:
        return _below_patient(patient)
    return of_preset(clinic_choice()) if group is None else _below_group(group)
