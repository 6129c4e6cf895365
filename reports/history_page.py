"""A patient's medical history: on the patient's page, and on a page of its own where entries are added."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from patients.history import Author, add_history_entry, read_history
from patients.models import HistoryEntry, Patient
from patients.models.history import TEXT_LENGTH

VIEW, ADD = "patients.view_historyentry", "patients.add_historyentry"
ON_PATIENT_PAGE = 5


class EntryForm(forms.Form):
    kind = forms.ChoiceField(choices=HistoryEntry.Kind.choices, initial=HistoryEntry.Kind.NOTE)
    text = forms.CharField(max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 4}))


def newest_history(request: HttpRequest, patient: Patient) -> list[HistoryEntry] | None:
    """None for roles that may not read it. Showing it is a read, which the ledger gets."""
    return read_history(patient=patient, newest=ON_PATIENT_PAGE) if request.user.has_perm(VIEW) else None


def history_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm(VIEW) or (request.method == "POST" and not request.user.has_perm(ADD)):
        raise PermissionDenied
    form = EntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _added(request, patient, form):
        messages.success(request, "The entry was added.")
        return HttpResponseRedirect(request.path)
    context |= {
        "title": f"Medical history of {patient}",
        "patient": patient,
        "form": form if request.user.has_perm(ADD) else None,
        "entries": read_history(patient=patient),
    }
    return TemplateResponse(request, "workplace/history.html", context)


def _added(request: HttpRequest, patient: Patient, form: EntryForm) -> bool:
    principal = request.principal  # type: ignore[attr-defined]
    try:
        author = Author(name=principal.name, member_id=principal.membership_id)
        add_history_entry(patient=patient, author=author, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True
