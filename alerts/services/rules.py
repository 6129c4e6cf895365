"""The one door for rules of a clinic, of a group and of a patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from alerts.engine.conditions import ConditionError, Node, read_condition
from alerts.engine.conditions.surroundings import Alert
from alerts.models import PatientRule, Rule, RuleGroup
from alerts.rules.effective import EffectiveRule
from alerts.rules.guarded import is_guarded, problems_of_guarded
from alerts.rules.standing import SAID, Standing, StandingRule, rules_below, values_of
from alerts.services.waking import look_again
from audit.actions import Action
from audit.changes import apply_changes, record_creation
from audit.services import record
from patients.models import Patient
from tenancy.api.conflicts import TAKEN, taken_values

# Of a condition that is tried and belongs to no rule.
TRIED = {"name": "tried", "severity": "medium"}

AnyRule = Rule | PatientRule
# What a rule of a clinic's own must say, since no preset says it.
NEEDED = ("name", "severity", "condition")
USUAL = {"confirm_minutes": 0, "close_minutes": 15, "margin": 5, "repeat_minutes": None, "is_on": True}


@transaction.atomic
def create_rule(
    *, code: str, said: Mapping[str, Any], group: RuleGroup | None = None, patient: Patient | None = None
) -> AnyRule:
    """A rule of the clinic, of ``group`` or of ``patient``. What is not said is as it stands below, in a preset e.g.

    Raises ValidationError with a sentence for each field that cannot be so, and where there is such a rule already.
    """
    if group is not None and patient is not None:
        raise ValidationError({"group": "A rule is of a group or of a patient, not of both."})
    below = rules_below(group=group, patient=patient).get(code)
    values = checked_values(code, {**_usual_values(below, said), **said})
    rule = PatientRule(code=code, patient=patient, **values) if patient else Rule(code=code, group=group, **values)
    rule.full_clean()
    _insert(rule)
    record_creation(rule, object_id=str(rule.public_id), patient_id=_patient_id(rule))
    look_again(patient)
    return rule


@transaction.atomic
def change_rule(*, rule: AnyRule, changes: Mapping[str, Any]) -> AnyRule:
    locked: AnyRule = type(rule).objects.select_for_update(no_key=True).get(pk=rule.pk)
    values = checked_values(locked.code, {**values_of(locked), **changes})
    apply_changes(
        locked,
        {name: values[name] for name in changes},
        object_id=str(locked.public_id),
        patient_id=_patient_id(locked),
    )
    look_again(_patient_of(locked))
    return locked


@transaction.atomic
def reset_rule(*, rule: AnyRule, reason: str = "reset") -> None:
    """Back to what stands below: the group's, the clinic's or the preset's; a rule of the clinic's own is gone."""
    record(
        action=Action.DELETE,
        object_type=rule._meta.label_lower,
        object_id=str(rule.public_id),
        patient_id=_patient_id(rule),
        changes={name: (value, None) for name, value in {"code": rule.code, **values_of(rule)}.items()},
        reason=reason,
    )
    rule.delete()
    look_again(_patient_of(rule))


def planned_rule(*, code: str | None, said: Mapping[str, Any], below: Standing) -> EffectiveRule:
    """What would run if the rule ``code`` said this as well; without a code, a new one. Nothing is saved.

    A guarded rule may be tried in any form, for a trial rings nowhere.
    """
    if code is not None and code not in below:
        raise ValidationError({"rule": ValidationError("No such rule stands for the patient.", code="unknown")})
    if code is None and "condition" not in said:
        raise ValidationError({"condition": ValidationError("Name a rule, or say a condition.", code="required")})
    values = {**(values_of(below[code]) if code else {**TRIED, **USUAL}), **said}
    return EffectiveRule(
        code=code or TRIED["name"],
        severity=values["severity"],
        condition=_condition(code or TRIED["name"], values["condition"]),
        confirm_minutes=values["confirm_minutes"],
        close_minutes=values["close_minutes"],
        margin=values["margin"],
        name=values["name"],
    )


def checked_values(code: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the condition in its normal form; raises ValidationError by field."""
    checked = dict(values)
    checked["condition"] = _condition(code, values["condition"]).to_json()
    if is_guarded(code) and (problems := problems_of_guarded(checked)):
        raise ValidationError({name: ValidationError(said, code="guarded") for name, said in problems.items()})
    return checked


def _condition(code: str, json: Any) -> Node:
    try:
        condition = read_condition(json)
    except ConditionError as error:
        raise ValidationError({"condition": ValidationError(str(error), code="condition")}) from None
    if any(isinstance(node, Alert) and node.rule == code for node in condition.walk()):
        sentence = "A rule cannot look at its own alarm."
        raise ValidationError({"condition": ValidationError(sentence, code="condition")})
    return condition


def _usual_values(below: StandingRule | None, said: Mapping[str, Any]) -> dict[str, Any]:
    if below is not None:
        return values_of(below)
    missing = [name for name in NEEDED if name not in said]
    if missing:
        sentence = "No preset has a rule of this code, so it must be given."
        raise ValidationError({name: ValidationError(sentence, code="required") for name in missing})
    return {**dict.fromkeys(SAID), **USUAL}


def _insert(rule: AnyRule) -> None:
    """Of two people who make the same rule in one instant, the second hears what the check would have said."""
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError as error:
        if (sentence := taken_values(error)) is None:
            raise
        raise ValidationError(sentence, code=TAKEN) from error


def _patient_id(rule: AnyRule) -> int | None:
    return rule.patient_id if isinstance(rule, PatientRule) else None


def _patient_of(rule: AnyRule) -> Patient | None:
    return rule.patient if isinstance(rule, PatientRule) else None
