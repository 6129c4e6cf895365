"""A patient's medical history: on the patient's page, and on a page of its own where entries are added and amended."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from patients.history import Author, add_history_entry, amend_history_entry, former_texts, read_history
from patients.models import HistoryEntry, Patient
from patients.models.history import TEXT_LENGTH
from reports.patient.head import head_of

VIEW, ADD, CHANGE = (f"patients.{action}_historyentry" for action in ("view", "add", "change"))
ON_PATIENT_PAGE = 5


class EntryForm(forms.Form):
    kind = forms.ChoiceField(choices=HistoryEntry.Kind.choices, initial=HistoryEntry.Kind.NOTE)
    text = forms.CharField(max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 4}))


def newest_history(request: HttpRequest, patient: Patient) -> list[HistoryEntry] | None:
    """None for roles that may not read it. Showing it is a read, which the ledger gets."""
    return read_history(patient=patient, newest=ON_PATIENT_PAGE) if request.user.has_perm(VIEW) else None


def history_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    form = EntryForm(request.POST or None, prefix=request.POST.get("entry") or None)
    if request.method == "POST" and _saved(request, patient, form):
        messages.success(request, "The entry was saved.")
        return HttpResponseRedirect(request.path)
    context |= head_of(request, patient, "history")
    context |= {
        "title": f"Medical history of {patient}",
        "form": _form_to_add(form) if request.user.has_perm(ADD) else None,
        "entries": _shown(request, patient, form),
    }
    return TemplateResponse(request, "workplace/history.html", context)


def _form_to_add(sent: EntryForm) -> EntryForm:
    return EntryForm() if sent.prefix else sent


def _shown(request: HttpRequest, patient: Patient, sent: EntryForm) -> list[HistoryEntry]:
    """The entries, each with what it said before, and with a form where the caller may amend it."""
    entries, former = read_history(patient=patient), former_texts(patient=patient)
    may_amend = request.user.has_perm(CHANGE)
    for entry in entries:
        entry.former = former.get(entry.pk, [])  # type: ignore[attr-defined]  # for the template
        if may_amend and entry.readable_text is not None:
            entry.form = sent if sent.prefix == str(entry.public_id) else _form_to_amend(entry)  # type: ignore[attr-defined]
    return entries


def _form_to_amend(entry: HistoryEntry) -> EntryForm:
    return EntryForm(prefix=str(entry.public_id), initial={"kind": entry.kind, "text": entry.text})


def _saved(request: HttpRequest, patient: Patient, form: EntryForm) -> bool:
    if not request.user.has_perm(CHANGE if form.prefix else ADD):
        raise PermissionDenied
    principal = request.principal  # type: ignore[attr-defined]
    author = Author(name=principal.name, member_id=principal.membership_id)
    entry = _entry(patient, form.prefix) if form.prefix else None
    if not form.is_valid():
        return False
    try:
        if entry is None:
            add_history_entry(patient=patient, author=author, **form.cleaned_data)
        else:
            amend_history_entry(entry=entry, changes=form.cleaned_data, author=author)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def _entry(patient: Patient, number: str) -> HistoryEntry:
    try:
        found: HistoryEntry | None = (
            HistoryEntry.objects.of_patient(patient).filter(public_id=uuid.UUID(number)).first()
        )
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found
