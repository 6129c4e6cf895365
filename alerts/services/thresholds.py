"""The simple form over rules about vital signs: four bounds for each of six, of the clinic and of a patient.

Each bound pair is a rule like any other (``vital_heart_rate_critical``), so a patient's stands in the place of the
clinic's, and an episode keeps one alarm from being told twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from alerts.engine.measures import MEASURES
from alerts.models import PatientRule, Rule, Severity
from alerts.presets.vital_signs import CRITICAL, VITAL_SIGNS, WARNING, Bounds, bounds_in, condition_of
from alerts.rules.standing import Level, Standing, StandingRule, standing_for_clinic, standing_for_patient
from alerts.services.rules import AnyRule, change_rule, create_rule, reset_rule
from patients.models import Patient
from tenancy.models import Organization
from tenancy.scope import required_organization_id

LEVELS = (CRITICAL, WARNING)
_SEVERITIES = {CRITICAL: Severity.CRITICAL.value, WARNING: Severity.MEDIUM.value}
# Nobody acknowledged: it rings again after ten minutes.
_REPEATS = {CRITICAL: 10, WARNING: None}
CLOSE_MINUTES = 10
# Closing minutes of a rule that stands only to say "no bound here", over one of the clinic's.
NO_BOUND = 0


@dataclass(frozen=True, slots=True)
class Threshold:
    """``bounds``: in force where ``is_on``; None: somebody wrote another kind of rule in its place. ``source``: who set
    them; "default": nobody."""

    metric: str
    bounds: Bounds | None
    is_on: bool
    source: str

    @property
    def name(self) -> str:
        said = MEASURES[self.metric].said
        return said[0].upper() + said[1:]

    @property
    def unit(self) -> str:
        return MEASURES[self.metric].unit


def code_of(metric: str, level: str) -> str:
    return f"vital_{metric}_{level}"


def thresholds_of(patient: Patient | None) -> list[Threshold]:
    """None: the clinic's."""
    standing = standing_for_clinic() if patient is None else standing_for_patient(patient)
    return [_threshold(standing, metric) for metric in VITAL_SIGNS]


def _threshold(standing: Standing, metric: str) -> Threshold:
    rules = [standing.get(code_of(metric, level)) for level in LEVELS]
    known = [rule for rule in rules if rule is not None]
    if not known:
        return Threshold(metric, VITAL_SIGNS[metric], is_on=False, source="default")
    source = max((rule.level for rule in known), key=list(Level).index).value
    critical, warning = (_bounds(rule) for rule in rules)
    is_on = any(rule.is_on for rule in known)
    if critical is None or warning is None:
        return Threshold(metric, None, is_on, source)
    return Threshold(metric, Bounds(*warning, *critical), is_on, source)


def _bounds(rule: StandingRule | None) -> tuple[float | None, float | None] | None:
    if rule is None or (rule.close_minutes == NO_BOUND and not rule.is_on):
        return None, None
    return bounds_in(rule.condition)


@transaction.atomic
def set_thresholds(*, said: Mapping[str, Bounds], patient: Patient | None = None, is_on: bool = True) -> None:
    """The clinic's or the patient's own bounds are these; of vital signs that are not named, what stands below counts:
    for a patient the clinic's, for the clinic the defaults, which alarm where ``is_on``.

    Raises ValidationError by metric.
    """
    problems = {metric: problem for metric, bounds in said.items() if (problem := problem_of(metric, bounds))}
    if problems:
        raise ValidationError({metric: ValidationError(text, code="bounds") for metric, text in problems.items()})
    # Two who save at once go on one after the other.
    if patient is not None:
        Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    else:
        Organization.objects.select_for_update(no_key=True).get(pk=required_organization_id())
    rows = _rows(patient)
    for metric, usual in VITAL_SIGNS.items():
        bounds = said.get(metric)
        if bounds is None and patient is None and is_on:
            bounds = usual
        for level in LEVELS:
            _write(rows.get(code_of(metric, level)), metric, bounds, level, patient, is_on=is_on)


def problem_of(metric: str, bounds: Bounds) -> str:
    """A sentence; empty where nothing is wrong."""
    measure = MEASURES.get(metric)
    if measure is None or metric not in VITAL_SIGNS:
        return f"There is no such vital sign; there are {', '.join(VITAL_SIGNS)}."
    for level in LEVELS:
        low, high = bounds.of(level)
        for value in (low, high):
            if value is not None and not measure.low <= value <= measure.high:
                return f"A bound of {measure.said} lies from {measure.low:g} to {measure.high:g} {measure.unit}."
        if low is not None and high is not None and low >= high:
            return f"The {level} minimum must be below the {level} maximum."
    if _passes(bounds.critical_min, bounds.warning_min) or _passes(bounds.warning_max, bounds.critical_max):
        return "The warning bounds lie within the critical ones."
    return ""


def _passes(lower: float | None, upper: float | None) -> bool:
    return lower is not None and upper is not None and lower > upper


def _rows(patient: Patient | None) -> dict[str, AnyRule]:
    codes = [code_of(metric, level) for metric in VITAL_SIGNS for level in LEVELS]
    if patient is not None:
        return {row.code: row for row in PatientRule.objects.filter(patient_id=patient.pk, code__in=codes)}
    return {row.code: row for row in Rule.objects.of_clinic().filter(code__in=codes)}


def _write(
    row: AnyRule | None, metric: str, bounds: Bounds | None, level: str, patient: Patient | None, *, is_on: bool
) -> None:
    if bounds is None:
        if row is not None:
            reset_rule(rule=row)
        return
    values = _values(metric, bounds, level, is_on=is_on)
    if row is None:
        create_rule(code=code_of(metric, level), said=values, patient=patient)
    else:
        change_rule(rule=row, changes=values)


def _values(metric: str, bounds: Bounds, level: str, *, is_on: bool) -> dict[str, Any]:
    said = MEASURES[metric].said
    condition = condition_of(metric, bounds, level)
    return {
        "name": f"Critical {said}" if level == CRITICAL else f"{said[0].upper()}{said[1:]} out of bounds",
        "severity": _SEVERITIES[level],
        "condition": condition or condition_of(metric, VITAL_SIGNS[metric], level),
        "confirm_minutes": 0,
        "close_minutes": CLOSE_MINUTES if condition else NO_BOUND,
        "margin": 0,
        "repeat_minutes": _REPEATS[level],
        "is_on": is_on and condition is not None,
    }
