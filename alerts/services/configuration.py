"""The simple form over the rules: two limits, how fast is too fast, and when to keep quiet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from alerts.models import PatientAlarms, PatientRule, Severity
from alerts.rules.standing import Standing, standing_for_patient
from alerts.services.groups import alarms_of
from alerts.services.rules import change_rule, create_rule
from audit.changes import apply_changes
from patients.models import Patient

LOW, HIGH, RAPID_CHANGE = "low", "high", "rapid_change"
DEFAULT_LOW, DEFAULT_HIGH, DEFAULT_RAPID_CHANGE = 70, 180, 4.0
USUAL_QUIET_HOURS = (time(22), time(7))

CRITICAL_ALWAYS_PASSES = "Critical alarms always pass quiet hours: write true, or leave it out."


@dataclass(frozen=True, slots=True)
class Configuration:
    """``low``, ``high`` in mg/dL, ``rapid_change`` in mg/dL/min; None: no such alarm, or a rule of another form."""

    low: int | None
    high: int | None
    rapid_change: float | None
    notifies: bool
    quiet_hours: tuple[time, time] | None
    is_own: bool


def configuration_of(patient: Patient) -> Configuration:
    """What is in force, wherever it comes from: a form that showed its defaults would promise alarms that are not."""
    standing = standing_for_patient(patient)
    alarms: PatientAlarms | None = PatientAlarms.objects.filter(patient_id=patient.pk).first()
    quiet = None if alarms is None or alarms.quiet_from is None else (alarms.quiet_from, alarms.quiet_until)
    own = PatientRule.objects.filter(patient_id=patient.pk, code__in=[LOW, HIGH, RAPID_CHANGE])
    return Configuration(
        low=_first(standing, LOW, {"below", "atOrBelow"}, "mgdl"),
        high=_first(standing, HIGH, {"above", "atOrAbove"}, "mgdl"),
        rapid_change=_first(standing, RAPID_CHANGE, {"rate"}, "mgdlPerMinute"),
        notifies=alarms is None or alarms.notifies,
        quiet_hours=quiet,  # type: ignore[arg-type]
        is_own=own.exists(),
    )


@transaction.atomic
def configure(
    *,
    patient: Patient,
    low: int,
    high: int,
    rapid_change: float | None,
    notifies: bool,
    quiet_hours: tuple[time, time] | None,
) -> None:
    """Rules of the patient's own, and what is delivered. How long a limit must be passed stays as it stands below."""
    if quiet_hours is not None and quiet_hours[0] == quiet_hours[1]:
        sentence = "Quiet hours end at another time than they begin."
        raise ValidationError({"quiet_hours": ValidationError(sentence, code="window")})
    alarms = alarms_of(patient)
    quiet_from, quiet_until = quiet_hours or (None, None)
    changes = {"notifies": notifies, "quiet_from": quiet_from, "quiet_until": quiet_until}
    apply_changes(alarms, changes, object_id=patient.code, patient_id=patient.pk)
    _save(patient, LOW, {"condition": {"type": "below", "mgdl": low}, "is_on": True})
    _save(patient, HIGH, {"condition": {"type": "above", "mgdl": high}, "is_on": True})
    _save(patient, RAPID_CHANGE, _rapid_change(rapid_change))


def _rapid_change(limit: float | None) -> dict[str, Any]:
    """Up or down, between two readings: at the limit and beyond it."""
    said = {"name": "Rapid change", "severity": Severity.MEDIUM.value}
    rates = [
        {"type": "rate", "trend": trend, "mgdlPerMinute": float(limit or DEFAULT_RAPID_CHANGE), "over": "twoReadings"}
        for trend in ("falling", "rising")
    ]
    return {**said, "condition": {"type": "any", "of": rates}, "is_on": limit is not None}


def _save(patient: Patient, code: str, said: dict[str, Any]) -> None:
    existing = PatientRule.objects.filter(patient_id=patient.pk, code=code).first()
    if existing is None:
        create_rule(code=code, said=said, patient=patient)
    else:
        change_rule(rule=existing, changes=said)


def _first(standing: Standing, code: str, types: set[str], field: str) -> Any:
    rule = standing.get(code)
    if rule is None or not rule.is_on:
        return None
    return next((node[field] for node in _nodes(rule.condition) if node.get("type") in types), None)


def _nodes(condition: Any) -> Iterator[dict[str, Any]]:
    if isinstance(condition, dict):
        yield condition
        condition = condition.get("of")
    if isinstance(condition, list):
        for child in condition:
            yield from _nodes(child)
    elif isinstance(condition, dict):
        yield from _nodes(condition)
