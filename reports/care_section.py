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
from alerts.services.emergency import call_for_help
from patients.admissions import admit_patient, change_admission
from patients.care_team import add_to_care_team, remove_from_care_team
from patients.consents import record_consent, withdraw_consent
from patients.models import Admission, CareTeamMember, Consent, EmergencyAccess, Patient
from patients.models.admission import NOTES_LENGTH
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


class AdmissionForm(forms.Form):
    room = forms.CharField(max_length=50, required=False)


class DischargeForm(forms.Form):
    end = forms.ChoiceField(label="How it ends", choices=[("discharged", "Discharged"), ("transferred", "Transferred")])
    notes = forms.CharField(label="Notes", max_length=NOTES_LENGTH, required=False, widget=forms.Textarea({"rows": 3}))


def care_section(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    may, now = request.user.has_perm, timezone.now()
    stays = list(Admission.objects.of_patient(patient).newest_first()[:SHOWN])
    current = next((stay for stay in stays if stay.discharged_at is None), None)
    emergencies = EmergencyAccess.objects.filter(patient_id=patient.pk).select_related("member")
    return {
        "team": list(CareTeamMember.objects.filter(patient=patient).select_related("member")),
        "team_form": TeamForm(patient) if may("patients.add_careteammember") else None,
        "may_remove": may("patients.delete_careteammember"),
        "consents": list(Consent.objects.filter(patient=patient)[:SHOWN]),
        "consent_form": ConsentForm() if may("patients.add_consent") else None,
        "may_withdraw": may("patients.change_consent"),
        "emergencies": list(emergencies[:SHOWN]) if may("patients.view_emergencyaccess") else [],
        "current_stay": current,
        "stays": [stay for stay in stays if stay is not current],
        "reads_notes": may("patients.view_historyentry"),
        "admission_form": AdmissionForm({"room": patient.room}) if may("patients.add_admission") else None,
        "discharge_form": DischargeForm() if may("patients.change_admission") else None,
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


def _admit(request: HttpRequest, patient: Patient) -> str:
    form = AdmissionForm(request.POST)
    if not form.is_valid():
        raise ValidationError("A room has 50 characters at most.")
    person = request.principal  # type: ignore[attr-defined]
    member = Membership.objects.filter(pk=person.membership_id).first() if person.membership_id else None
    admit_patient(patient=patient, admitted_by=person.name, member=member, room=form.cleaned_data["room"])
    return "The patient is admitted."


def _discharge(request: HttpRequest, patient: Patient) -> str:
    form = DischargeForm(request.POST)
    if not form.is_valid():
        raise ValidationError("Choose how the stay ends; notes have 10,000 characters at most.")
    stay = row_named(Admission.objects.of_patient(patient).open(), request.POST.get("stay", ""))
    changes = {"status": form.cleaned_data["end"], "discharge_notes": form.cleaned_data["notes"]}
    change_admission(admission=stay, changes=changes)
    return "The stay has ended."


def _call_for_help(request: HttpRequest, patient: Patient) -> str:
    person = request.principal  # type: ignore[attr-defined]
    member = Membership.objects.filter(pk=person.membership_id).first() if person.membership_id else None
    if member is None:
        raise PermissionDenied
    call = call_for_help(patient=patient, member=member)
    if call.is_told:
        return "Help is called: everybody whom a critical alarm reaches is told now."
    return "Help was called less than a minute ago, and everybody was told."


_ACTIONS: dict[str, tuple[str, Callable[[HttpRequest, Patient], str]]] = {
    "admit": ("patients.add_admission", _admit),
    "discharge": ("patients.change_admission", _discharge),
    "call-for-help": ("alerts.add_episode", _call_for_help),
    "team-add": ("patients.add_careteammember", _add_member),
    "team-remove": ("patients.delete_careteammember", _remove_member),
    "consent-add": ("patients.add_consent", _add_consent),
    "consent-withdraw": ("patients.change_consent", _withdraw),
}
