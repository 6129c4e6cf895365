"""Requests that a member's access end: made by the staff, decided by owners and admins."""

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
from accounts.models import Membership, RemovalRequest
from accounts.principals import PersonPrincipal
from accounts.removals import approve_removal, cancel_removal, deny_removal, request_removal
from audit.services import record_look
from reports.named_rows import row_named

ASKING, DECIDING = "accounts.add_removalrequest", "accounts.change_removalrequest"
SHOWN = 200


class RemovalForm(forms.Form):
    member = forms.ModelChoiceField(queryset=Membership.objects.none(), empty_label="Choose a member")
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, person: PersonPrincipal, *args: Any) -> None:
        super().__init__(*args)
        field: Any = self.fields["member"]
        field.queryset = Membership.objects.active().seen_by(person)


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def removals_page(request: HttpRequest) -> HttpResponse:
    """Owners and admins see every request, others their own."""
    person: PersonPrincipal = request.principal  # type: ignore[attr-defined]
    if not person.may(ASKING) and not person.may(DECIDING):
        raise PermissionDenied
    requests = RemovalRequest.objects.select_related("member", "requested_by", "decided_by")
    if not person.may(DECIDING):
        requests = requests.filter(requested_by=person.membership_id)
    is_new = request.POST.get("action") == "request"
    form = RemovalForm(person, request.POST if is_new else None)
    if request.method == "POST" and (_ask(person, form) if is_new else _decide(request, person, requests)):
        return HttpResponseRedirect(reverse("admin:removals"))
    rows = list(requests[:SHOWN])
    _record_look(form, rows)
    context = {
        **admin.site.each_context(request),
        "title": "Removal requests",
        "form": form,
        "rows": rows,
        "may_decide": person.may(DECIDING),
        "own_id": person.membership_id,
    }
    return TemplateResponse(request, "workplace/removals.html", context)


def _record_look(form: RemovalForm, rows: list[RemovalRequest]) -> None:
    """Patients' logins are members as well, in the list and in the choice."""
    choice: Any = form.fields["member"]
    members = [*choice.queryset.filter(patient_id__isnull=False), *(row.member for row in rows)]
    patient_ids = {member.patient_id for member in members if member.patient_id is not None}
    record_look(kind="accounts.membership", patient_ids=sorted(patient_ids))


def _ask(person: PersonPrincipal, form: RemovalForm) -> bool:
    if person.membership_id is None or not person.may(ASKING):
        raise PermissionDenied
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            request_removal(**form.cleaned_data, requested_by_id=person.membership_id)
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        return False
    return True


def _decide(request: HttpRequest, person: PersonPrincipal, requests: Any) -> bool:
    action = request.POST.get("action", "")
    if person.membership_id is None or (action != "cancel" and not person.may(DECIDING)):
        raise PermissionDenied
    answer: dict[str, Any] = {
        "request": row_named(requests, request.POST.get("request", "")),
        "decided_by_id": person.membership_id,
        "notes": request.POST.get("notes", "").replace("\x00", "")[:500],
    }
    try:
        with transaction.atomic():
            if action == "cancel":
                cancel_removal(**answer)
            elif action == "approve":
                approve_removal(**answer, acting_role=person.role)
            else:
                deny_removal(**answer, acting_role=person.role)
        messages.success(request, "Done.")
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
    return True
