"""Invitations of the clinic: who is asked to come, in which state, and what can be done with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.fresh_sign_in import fresh_sign_in_required_to_post
from accounts.invitations import (
    FEWEST_DAYS,
    MOST_DAYS,
    USUAL_DAYS,
    cancel_invitation,
    invite,
    resend_invitation,
)
from accounts.linked_patients import patients_with_ids
from accounts.models import Invitation
from accounts.principals import PersonPrincipal
from accounts.roles import Role
from accounts.tasks import mail_invitation_task
from audit.services import record_look
from patients.models import Patient
from reports.named_rows import row_named
from tenancy.tasks import send_task_after_commit

SHOWN = 200
COLOURS = {"pending": "badge-high", "accepted": "badge-in-range"}


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail address", max_length=254)
    name = forms.CharField(max_length=150, help_text="As colleagues read it.")
    role = forms.ChoiceField()
    patient = forms.CharField(
        label="Patient's code", max_length=50, required=False, help_text="For a patient's own login, and only there."
    )
    days = forms.IntegerField(label="Stands for (days)", min_value=FEWEST_DAYS, max_value=MOST_DAYS, initial=USUAL_DAYS)
    message = forms.CharField(
        max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="Stands in the mail."
    )

    def __init__(self, acting_role: str, *args: Any) -> None:
        super().__init__(*args)
        choices = [choice for choice in Role.choices if acting_role == Role.OWNER or choice[0] != Role.OWNER]
        # The first choice would be the mightiest role, for whoever forgets to choose.
        field: Any = self.fields["role"]
        field.choices = [("", "Choose a role"), *choices]

    def clean_patient(self) -> int | None:
        code = self.cleaned_data["patient"]
        patient = Patient.objects.with_code(code).first() if code else None
        if code and patient is None:
            raise ValidationError("There is no patient with this code.")
        return patient.pk if patient else None


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def invitations_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("accounts.view_invitation"):
        raise PermissionDenied
    person: PersonPrincipal = request.principal  # type: ignore[attr-defined]
    is_new = request.POST.get("action") == "invite"
    form = InviteForm(person.role, request.POST if is_new else None)
    if request.method == "POST" and (_invite(person, form) if is_new else _act(request, person)):
        return HttpResponseRedirect(reverse("admin:clinic_invitations"))
    invitations = list(Invitation.objects.select_related("invited_by")[:SHOWN])
    patients = patients_with_ids(invitation.patient_id for invitation in invitations)
    record_look(kind="accounts.invitation", patient_ids=sorted(patients))
    context = {
        **admin.site.each_context(request),
        "title": "Invitations",
        "form": form,
        "rows": [
            (invitation, patients.get(invitation.patient_id), COLOURS.get(invitation.shown_state, ""))
            for invitation in invitations
        ],
    }
    return TemplateResponse(request, "workplace/invitations.html", context)


def _invite(person: PersonPrincipal, form: InviteForm) -> bool:
    if not person.may("accounts.add_invitation"):
        raise PermissionDenied
    if not form.is_valid():
        return False
    chosen = dict(form.cleaned_data)
    patient_id = chosen.pop("patient")
    try:
        with transaction.atomic():
            invitation = invite(
                **chosen, patient_id=patient_id, invited_by_id=person.membership_id, acting_role=person.role
            )
            send_task_after_commit(mail_invitation_task, invitation_id=invitation.pk)
    except ValidationError as refusal:
        # Constraints speak of the row as a whole, the service of fields; the form has both.
        form.add_error(None, refusal.messages)
        return False
    return True


def _act(request: HttpRequest, person: PersonPrincipal) -> bool:
    if not person.may("accounts.change_invitation"):
        raise PermissionDenied
    invitation: Invitation = row_named(Invitation.objects.all(), request.POST.get("invitation", ""))
    try:
        with transaction.atomic():
            if request.POST.get("action") == "resend":
                resend_invitation(invitation=invitation, acting_role=person.role)
                send_task_after_commit(mail_invitation_task, invitation_id=invitation.pk)
                messages.success(request, "A new mail is on its way; the former link is void.")
            else:
                cancel_invitation(invitation=invitation, acting_role=person.role)
                messages.success(request, "The invitation was taken back.")
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
    return True
