"""What is done from the fleet's pages: the same change of many devices, the settings of one, and the list as a file."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.http.request import QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from devices.fleet.api.export import fleet_file
from devices.fleet.exports import begin_export
from devices.fleet.models import DeviceSettings
from devices.fleet.services import MOST_AT_ONCE, STATUSES, change_many
from devices.fleet.settings import change_settings
from devices.models import Device
from reports.alarm_board.access import require
from reports.fleet.choices import Choices
from reports.named_rows import row_named

VIEWING, CHANGING, EXPORTING = "devices.view_device", "devices.change_device", "devices.export_device"
SHOWN_REFUSALS = 5
FORMATS = ("csv", "json", "xlsx")


class ManyForm(forms.Form):
    """Empty fields stay as they are."""

    status = forms.ChoiceField(required=False, choices=[("", ""), *[(one.value, one.label) for one in STATUSES]])
    reading_interval = forms.IntegerField(required=False, min_value=1, max_value=86_400)
    sampling_rate = forms.ChoiceField(required=False, choices=[("", ""), *DeviceSettings.SamplingRate.choices])


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    reading_interval = forms.IntegerField(label="Reading interval (s)", min_value=30, max_value=86_400)

    class Meta:
        model = DeviceSettings
        fields = ("sampling_rate", "motion_sensitivity", "skin_tone_compensation", "alert_low", "alert_high")

    field_order = ("reading_interval",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        skin_tone: Any = self.fields["skin_tone_compensation"]
        skin_tone.choices = [("", "not set"), *DeviceSettings.SkinTone.choices]


@require_POST
def change_view(request: HttpRequest) -> HttpResponseRedirect:
    require(request, CHANGING)
    form, names = ManyForm(request.POST), _chosen(request.POST)
    changes = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    if form.errors:
        messages.error(request, "The new values are not valid: nothing was changed.")
    elif not names:
        messages.error(request, "Choose devices first.")
    elif not changes:
        messages.error(request, "Say what shall change.")
    else:
        _tell(request, change_many(codes=names, changes=changes))
    # Only what the list itself writes into its address.
    back = QueryDict(request.POST.get("back", "")[:2000])
    page = back.get("page", "")
    query = f"{Choices.of(back).query}{f'&page={page}' if page.isdecimal() else ''}"
    return HttpResponseRedirect(f"{reverse('admin:fleet')}?{query}")


def _chosen(sent: QueryDict) -> list[str]:
    """By their UUIDs; what is none names no device."""
    names = []
    for text in sent.getlist("device")[:MOST_AT_ONCE]:
        try:
            names.append(str(uuid.UUID(text)))
        except ValueError:
            continue
    return list(dict.fromkeys(names))


def _tell(request: HttpRequest, results: Any) -> None:
    changed = [one for one in results if not one.error]
    refused = [one for one in results if one.error]
    if changed:
        messages.success(request, f"{len(changed)} device{'' if len(changed) == 1 else 's'} changed.")
    for one in refused[:SHOWN_REFUSALS]:
        messages.error(request, f"{one.device}: {one.error}")
    if len(refused) > SHOWN_REFUSALS:
        messages.error(request, f"{len(refused) - SHOWN_REFUSALS} more were not changed.")


@require_POST
def settings_view(request: HttpRequest, device: uuid.UUID) -> HttpResponseRedirect:
    require(request, CHANGING)
    found: Device = row_named(Device.objects, str(device))
    form = SettingsForm(request.POST)
    if not form.is_valid():
        for name, errors in form.errors.items():
            label = form.fields[name].label if name in form.fields else name
            messages.error(request, f"{label}: {' '.join(map(str, errors))}")
    else:
        try:
            changed = change_settings(device=found, changes=form.cleaned_data)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(
                request, f"Saved as version {changed.settings_version}: the device is told when it reports."
            )
    return HttpResponseRedirect(reverse("admin:fleet_device", args=[found.public_id]))


@require_safe
def export_view(request: HttpRequest) -> HttpResponseBase:
    require(request, EXPORTING)
    ending = request.GET.get("format", "csv")
    begin_export()
    return fleet_file(ending if ending in FORMATS else "csv", request.principal)  # type: ignore[attr-defined]
