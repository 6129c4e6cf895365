"""Emergency access: asked for by exact code and with a reason, and listed for those who answer for the clinic."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.principals import PersonPrincipal
from audit.services import record_look
from patients.beyond import is_limited
from patients.emergency import (
    LONGEST_REASON,
    MOST_MINUTES,
    SHORTEST_REASON,
    end_emergency_access,
    open_emergency_access,
    patient_in_emergency,
)
from patients.models import EmergencyAccess, EmergencyAccessQuerySet, Patient
from patients.tasks import mail_emergency_access_task
from reports.named_rows import row_named
from tenancy.tasks import send_task_after_commit

USE, LIST = "patients.add_emergencyaccess", "patients.view_emergencyaccess"
SHOWN = 200


class EmergencyForm(forms.Form):
    code = forms.CharField(label="Patient's code, exactly", max_length=50)
    reason = forms.CharField(
        label="Why you have to see this patient",
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Owners and admins of the clinic get a mail and read this.",
    )
    minutes = forms.IntegerField(label="For how many minutes", min_value=1, max_value=MOST_MINUTES, initial=30)


@require_http_methods(["GET", "HEAD", "POST"])
def emergency_page(request: HttpRequest) -> HttpResponse:
    person: PersonPrincipal = request.principal  # type: ignore[attr-defined]
    if not person.may(USE) and not person.may(LIST):
        raise PermissionDenied
    accesses: EmergencyAccessQuerySet = EmergencyAccess.objects.select_related("member")
    accesses = accesses if person.may(LIST) else accesses.of_member(person.membership_id)
    is_new = request.POST.get("action") == "open"
    form = EmergencyForm(request.POST if is_new else None)
    if request.method == "POST":
        done = _open(request, person, form) if is_new else _end(request, accesses)
        if done:
            return done
    shown = list(accesses[:SHOWN])
    patients = Patient.objects.in_bulk([access.patient_id for access in shown])
    record_look(kind="patients.emergencyaccess", patient_ids=sorted(patients))
    context = {
        **admin.site.each_context(request),
        "title": "Emergency access",
        "form": form if person.may(USE) and is_limited() else None,
        "rows": [(access, patients.get(access.patient_id)) for access in shown],
        "sees_all": person.may(LIST),
    }
    return TemplateResponse(request, "workplace/emergency.html", context)


def _open(request: HttpRequest, person: PersonPrincipal, form: EmergencyForm) -> HttpResponse | None:
    if person.membership_id is None or not person.may(USE):
        raise PermissionDenied
    if not form.is_valid():
        return None
    patient = patient_in_emergency(code=form.cleaned_data["code"])
    if patient is None:
        form.add_error("code", "The clinic has no patient with this code.")
        return None
    try:
        with transaction.atomic():
            access = open_emergency_access(
                member_id=person.membership_id,
                patient=patient,
                reason=form.cleaned_data["reason"],
                minutes=form.cleaned_data["minutes"],
            )
            send_task_after_commit(mail_emergency_access_task, access_id=access.pk)
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        return None
    messages.success(request, "Emergency access is open. Owners and admins have been told.")
    return HttpResponseRedirect(reverse("admin:patients_patient_page", args=[patient.id]))


def _end(request: HttpRequest, accesses: EmergencyAccessQuerySet) -> HttpResponse:
    access: EmergencyAccess = row_named(accesses, request.POST.get("access", ""))
    end_emergency_access(access=access)
    messages.success(request, "The emergency access has ended.")
    return HttpResponseRedirect(reverse("admin:emergency_access"))
