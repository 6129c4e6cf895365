"""One device: contact, keys, the patients it measured, and what can be done with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextInputWidget

from accounts.fresh_sign_in import page_that_asks
from accounts.shown_once import keep, take
from devices.hidden_periods import devices_in_hidden_periods
from devices.models import Assignment, Device, DeviceKey
from devices.services import (
    IssuedKey,
    assign_device,
    end_assignment,
    issue_key,
    retire_device,
    revoke_key,
    rotate_key,
)
from patients.models import Patient
from tenancy.wording import age_words

SHOWN_KEYS, SHOWN_ASSIGNMENTS = 20, 50
# For these the sign-in must be fresh; revoking is never delayed.
MAKING_KEYS = {"issue", "rotate"}


class PatientSelect(AutocompleteSelect):
    def optgroups(self, name: str, value: Any, attr: dict[str, Any] | None = None) -> Any:
        """Django's would look up whatever was sent, also what is no number."""
        return super().optgroups(name, [sent for sent in value if str(sent).isdecimal()], attr)


class AssignForm(forms.Form):
    patient = forms.ModelChoiceField(queryset=Patient.objects.none())
    starts_at = forms.DateTimeField(
        label="From",
        required=False,
        help_text="Empty: from now on. The clinic's time.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}),
    )
    note = forms.CharField(max_length=512, required=False, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["patient"]
        field.queryset = Patient.objects.current()
        field.widget = PatientSelect(Assignment._meta.get_field("patient"), admin.site)
        field.widget.choices = field.choices


def device_page(request: HttpRequest, device: Device, context: dict[str, Any]) -> HttpResponse:
    form = AssignForm()
    if request.method == "POST":
        name = request.POST.get("action", "")
        permission, work = _ACTIONS.get(name, ("", None))
        if work is None or not request.user.has_perm(permission):
            raise PermissionDenied
        if name in MAKING_KEYS and (asked := page_that_asks(request)):
            return asked
        form = AssignForm(request.POST) if name == "assign" else form
        _do(request, device, form, work)
        if not form.errors:
            return HttpResponseRedirect(reverse("admin:devices_device_page", args=[device.pk]))
    context |= _shown(request, device)
    # Taken by the look that shows it: a reload shows none, and makes none.
    issued = take(request.session, _new_key(device)) if request.method == "GET" else None
    context |= {"form": form, "media": form.media, "issued": issued}
    return TemplateResponse(request, "workplace/device.html", context)


def _do(request: HttpRequest, device: Device, form: AssignForm, work: Work) -> None:
    try:
        with transaction.atomic():
            issued = work(request, device, form)
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
        return
    if issued is not None:
        keep(request.session, _new_key(device), issued.text)


def _new_key(device: Device) -> str:
    return f"key of device {device.pk}"


def _shown(request: HttpRequest, device: Device) -> dict[str, Any]:
    now = timezone.now()
    silent_after = timedelta(seconds=3 * device.reading_interval)
    assignments = list(Assignment.objects.filter(device=device).select_related("patient")[:SHOWN_ASSIGNMENTS])
    may = request.user.has_perm
    return {
        "title": device.code,
        "device": device,
        "contact": age_words(now - device.last_seen_at) if device.last_seen_at else "Never",
        "is_online": device.last_seen_at is not None and now - device.last_seen_at <= silent_after,
        "is_retired": device.status == Device.Status.RETIRED,
        "assignments": assignments,
        "another_teams": bool(devices_in_hidden_periods([device.pk], now)),
        "current": next((period for period in assignments if period.ends_at is None), None),
        "keys": [(key, _state_of(key)) for key in _keys(device)] if may("devices.view_devicekey") else None,
        "may_issue": may("devices.add_devicekey"),
        "may_rotate": may("devices.change_devicekey"),
        "may_revoke": may("devices.delete_devicekey"),
        "may_assign": may("devices.add_assignment"),
        "may_retire": may("devices.delete_device"),
    }


def _keys(device: Device) -> list[DeviceKey]:
    return list(DeviceKey.objects.filter(device=device)[:SHOWN_KEYS])


def _state_of(key: DeviceKey) -> str:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= timezone.now() else "live"


def _issue(request: HttpRequest, device: Device, form: AssignForm) -> IssuedKey:
    name = request.POST.get("name", "").replace("\x00", "")[:100]
    return issue_key(device=device, name=name)


def _rotate(request: HttpRequest, device: Device, form: AssignForm) -> IssuedKey:
    return rotate_key(key=_named_key(request, device))


def _revoke(request: HttpRequest, device: Device, form: AssignForm) -> None:
    revoke_key(key=_named_key(request, device))
    messages.success(request, "The key is revoked: it is refused from now on.")


def _named_key(request: HttpRequest, device: Device) -> DeviceKey:
    try:
        public_id = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        raise Http404 from None
    key: DeviceKey = get_object_or_404(DeviceKey.objects, public_id=public_id, device=device)
    return key


def _assign(request: HttpRequest, device: Device, form: AssignForm) -> None:
    if form.is_valid():
        chosen = form.cleaned_data
        assign_device(device=device, patient=chosen["patient"], starts_at=chosen["starts_at"], note=chosen["note"])
        messages.success(request, "The device is assigned.")


def _unassign(request: HttpRequest, device: Device, form: AssignForm) -> None:
    end_assignment(device=device)
    messages.success(request, "The assignment has ended.")


def _retire(request: HttpRequest, device: Device, form: AssignForm) -> None:
    retire_device(device=device)
    messages.success(request, "The device is retired; its readings are kept.")


Work = Callable[[HttpRequest, Device, AssignForm], IssuedKey | None]
_ACTIONS: dict[str, tuple[str, Work]] = {
    "issue": ("devices.add_devicekey", _issue),
    "rotate": ("devices.change_devicekey", _rotate),
    "revoke": ("devices.delete_devicekey", _revoke),
    "assign": ("devices.add_assignment", _assign),
    "unassign": ("devices.change_assignment", _unassign),
    "retire": ("devices.delete_device", _retire),
}
