"""Whose rules a page is about: the clinic's, a group's, or a patient's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from alerts.models import PatientAlarms, PatientRule, Rule, RuleGroup
from alerts.rules import rules_below, standing_for_clinic, standing_for_group, standing_for_patient
from alerts.rules.standing import Level, Standing, StandingRule
from alerts.services.rules import AnyRule
from patients.models import Patient
from reports.named_rows import row_named


@dataclass(frozen=True, slots=True)
class Place:
    """Of the clinic where neither is given."""

    group: RuleGroup | None = None
    patient: Patient | None = None

    @property
    def level(self) -> Level:
        return Level.PATIENT if self.patient else Level.GROUP if self.group else Level.CLINIC

    @property
    def query(self) -> dict[str, str]:
        if self.patient:
            return {"patient": self.patient.code}
        return {"group": str(self.group.public_id)} if self.group else {}

    @property
    def address_part(self) -> str:
        """Behind the path, with its question mark where there is something."""
        return f"?{urlencode(self.query)}" if self.query else ""

    @property
    def arguments(self) -> dict[str, Any]:
        """As the services of rules take it."""
        return {"group": self.group, "patient": self.patient}

    @property
    def words(self) -> str:
        if self.patient:
            return str(self.patient)
        return f"group {self.group.name}" if self.group else "the clinic"

    def standing(self) -> Standing:
        if self.patient:
            return standing_for_patient(self.patient)
        return standing_for_group(self.group) if self.group else standing_for_clinic()

    def below(self) -> Standing:
        return rules_below(group=self.group, patient=self.patient)

    def row(self, code: str) -> AnyRule | None:
        """Of this place itself; what stands may come from elsewhere."""
        rows: Any = Rule.objects.of_group(self.group) if self.group else Rule.objects.of_clinic()
        if self.patient:
            rows = PatientRule.objects.filter(patient_id=self.patient.pk)
        found: AnyRule | None = rows.filter(code=code).first()
        return found

    def patients(self) -> Any:
        """Those for whom it is, of those whom the reader may see."""
        if self.patient:
            return Patient.objects.filter(pk=self.patient.pk)
        current = Patient.objects.current()
        if self.group is None:
            return current
        return current.filter(pk__in=PatientAlarms.objects.filter(group_id=self.group.pk).values("patient_id"))


def place_of(sent: Mapping[str, str]) -> Place:
    """As the address names it. Raises Http404 for what the reader may not see, as for what is not there."""
    code, group = sent.get("patient", ""), sent.get("group", "")
    if code:
        patient = Patient.objects.with_code(code[:50]).first()
        if patient is None:
            raise Http404
        return Place(patient=patient)
    return Place(group=row_named(RuleGroup.objects.all(), group)) if group else Place()


def came_from(rule: StandingRule, place: Place, preset_name: str) -> str:
    """Where a rule that stands comes from, in words."""
    match rule.level:
        case Level.PRESET:
            return preset_name
        case Level.CLINIC:
            return "the clinic"
        case Level.GROUP:
            return f"group {rule.row.group.name}" if isinstance(rule.row, Rule) and rule.row.group else "the group"
        case _:
            return "this patient"


def sees_everybody(request: HttpRequest) -> bool:
    return request.principal.assigned_patients is None  # type: ignore[attr-defined]
