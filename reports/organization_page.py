"""The clinic's own settings, for its owners and admins."""

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
from accounts.organizations import change_organization
from reports.clinic import current_clinic
from tenancy.models import GlucoseUnit, Organization

CHANGE = "tenancy.change_organization"


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Organization
        fields = (
            "name",
            "kind",
            "contact_email",
            "contact_phone",
            "contact_address",
            "timezone",
            "glucose_unit",
            "reading_max_age_hours",
            "reading_retention_days",
            "device_key_max_age_days",
            "assigned_patients_only",
            "audit_retention_days",
        )
        labels = {
            "name": "Name of the clinic",
            "timezone": "Time zone",
            "glucose_unit": "Unit of glucose",
            "reading_max_age_hours": "Age limit of readings (hours)",
            "reading_retention_days": "Readings are kept (days)",
            "device_key_max_age_days": "Age limit of device keys (days)",
            "assigned_patients_only": "Staff see their own patients only",
            "audit_retention_days": "Audit ledger is kept (days)",
        }
        help_texts = {
            "reading_retention_days": "Careful: readings measured longer ago, and what was computed from them, are "
            "removed in the next night and cannot be brought back. Empty: all are kept.",
            "device_key_max_age_days": "New keys end after this time at the latest; owners are told by mail two weeks "
            "before. Keys that exist keep their own end. Empty: keys do not end by themselves.",
        }

    def __init__(self, *args: Any, may_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The unit is its own name; a label made from the constant would read "Mg Dl".
        unit: Any = self.fields["glucose_unit"]
        unit.choices = [(value, value) for value in GlucoseUnit.values]
        for field in self.fields.values():
            field.disabled = not may_change


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def organization_page(request: HttpRequest) -> HttpResponse:
    may = request.user.has_perm
    if not may("tenancy.view_organization") or (request.method == "POST" and not may(CHANGE)):
        raise PermissionDenied
    # Not the one that the page's head shows: a form that fails has written into it.
    clinic = Organization.objects.get(pk=current_clinic(request).pk)
    form = OrganizationForm(request.POST or None, instance=clinic, may_change=may(CHANGE))
    if request.method == "POST" and form.is_valid() and _changed(form):
        messages.success(request, "Saved.")
        return HttpResponseRedirect(reverse("admin:organization"))
    context = {
        **admin.site.each_context(request),
        "title": "Clinic settings",
        "form": form,
        "code": clinic.code,
        "may_change": may(CHANGE),
    }
    return TemplateResponse(request, "workplace/organization.html", context)


def _changed(form: OrganizationForm) -> bool:
    try:
        with transaction.atomic():
            change_organization(changes={name: form.cleaned_data[name] for name in form.changed_data})
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        return False
    return True
