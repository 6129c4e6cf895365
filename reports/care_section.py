"""On the patient's page: who looks after them, what they agreed to, and who looked in an emergency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import STAFF_ROLES
from patients.care_team import add_to_care_team, remove_from_care_team
from patients.consents import record_consent, withdraw_consent
from patients.models import CareTeamMember, Consent, EmergencyAccess, Patient
from reports.named_rows import row_named

SHOWN = 50


class TeamForm(forms.Form):
    member = forms.ModelChoiceField(queryset=Membership.objects.none(), empty_label="Choose a member")

    def __init__(self, patient: Patient, *args: Any) -> None:
        super().__init__(*args)
        in_team = CareTeamMember.objects.filter(patient=patient).values("member_id")
        field: Any = self.fields["member"]
        field.queryset = Membership.objects.active().filter(role__in=STAFF_ROLES).exclude(pk__in=in_team)


class ConsentForm(forms.Form):
    kind = forms.ChoiceField(choices=Consent.Kind.choices)
    version = forms.CharField(label="Version of the text", max_length=50)
    note = forms.CharField(max_length=500, required=False)


def care_section(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    may, now = request.user.has_perm, timezone.now()
    emergencies = EmergencyAccess.objects.filter(patient_id=patient.pk).select_related("member")
    return {
        "team": list(CareTeamMember.objects.filter(patient=patient).select_related("member")),
        "team_form": TeamForm(patient) if may("patients.add_careteammember") else None,
        "may_remove": may("patients.delete_careteammember"),
        "consents": list(Consent.objects.filter(patient=patient)[:SHOWN]),
        "consent_form": ConsentForm() if may("patients.add_consent") else None,
        "may_withdraw": may("patients.change_consent"),
        "emergencies": list(emergencies[:SHOWN]) if may("patients.view_emergencyaccess") else [],
        "now": now,
    }


def change_care(request: HttpRequest, patient: Patient) -> None:
    """What one of the section's buttons asks for; a refusal becomes a message."""
    permission, work = _ACTIONS.get(request.POST.get("action", ""), ("", None))
    if work is None or not request.user.has_perm(permission):
        raise PermissionDenied
    try:
        with transaction.atomic():
            messages.success(request, work(request, patient))
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)


def own_open_access(request: HttpRequest, patient: Patient) -> EmergencyAccess | None:
    member_id = request.principal.membership_id  # type: ignore[attr-defined]
    accesses = EmergencyAccess.objects.open().of_member(member_id).filter(patient_id=patient.pk)
    found: EmergencyAccess | None = accesses.first() if member_id is not None else None
    return found


def _add_member(request: HttpRequest, patient: Patient) -> str:
    form = TeamForm(patient, request.POST)
    if not form.is_valid():
        raise ValidationError("Choose a member of the staff who is not in the team yet.")
    add_to_care_team(patient=patient, member=form.cleaned_data["member"])
    return "The care team has a new member."


def _remove_member(request: HttpRequest, patient: Patient) -> str:
    member = row_named(Membership.objects.all(), request.POST.get("member", ""), "user_public_id")
    remove_from_care_team(patient=patient, member=member)
    return "The member has left the care team."


def _add_consent(request: HttpRequest, patient: Patient) -> str:
    form = ConsentForm(request.POST)
    if not form.is_valid():
        raise ValidationError("A consent needs a kind and the version of its text.")
    record_consent(patient=patient, recorded_by=request.user.name, **form.cleaned_data)  # type: ignore[union-attr]
    return "The consent is written down."


def _withdraw(request: HttpRequest, patient: Patient) -> str:
    consents = Consent.objects.filter(patient=patient)
    withdraw_consent(consent=row_named(consents, request.POST.get("consent", "")))
    return "The consent is withdrawn."


_ACTIONS: dict[str, tuple[str, Callable[[HttpRequest, Patient], str]]] = {
    "team-add": ("patients.add_careteammember", _add_member),
    "team-remove": ("patients.delete_careteammember", _remove_member),
    "consent-add": ("patients.add_consent", _add_consent),
    "consent-withdraw": ("patients.change_consent", _withdraw),
}
