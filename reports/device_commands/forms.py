from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django import forms
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from devices.commands.models import CommandTemplate, Kind, Priority
from devices.commands.rights import needs_an_operator
from devices.models import Device
from devices.provisioning.claims import USUAL
from tenancy.api.strict_json import JSONProblem, parse_strict_json
from tenancy.models import CODE_VALIDATOR

HOUR = timedelta(hours=1)
TERMS = [(1, "1 hour"), (24, "1 day"), (72, "3 days"), (168, "1 week"), (720, "30 days")]
_EXAMPLES = (
    'For example {"delaySeconds": 5} for a restart, {"sensorType": "temperature"} to read a sensor. Empty: none.'
)


class JSONTextField(forms.CharField):
    def clean(self, value: Any) -> dict[str, Any]:
        text = super().clean(value)
        if not text:
            return {}
        try:
            parsed = parse_strict_json(text.encode())
        except JSONProblem as problem:
            raise forms.ValidationError(str(problem)) from None
        if not isinstance(parsed, dict):
            raise forms.ValidationError('Write an object, as {"name": "value"}.')
        return parsed


class CommandForm(forms.Form):
    template = forms.ModelChoiceField(
        CommandTemplate.objects.none(),
        required=False,
        empty_label="None",
        widget=UnfoldAdminSelectWidget(),
        help_text="What is filled in below takes the place of what it says.",
        to_field_name="public_id",
    )
    type = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget())
    parameters = JSONTextField(
        required=False, max_length=4_096, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), help_text=_EXAMPLES
    )
    priority = forms.TypedChoiceField(
        choices=[("", "As usual")] + [(one.value, one.label.capitalize()) for one in Priority],
        coerce=int,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    scheduled_at = forms.DateTimeField(
        label="Not before",
        required=False,
        help_text="Empty: now. The clinic's time.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}),
    )
    timeout_seconds = forms.IntegerField(label="Timeout (s)", required=False, min_value=30, max_value=3_600)
    retries = forms.IntegerField(required=False, min_value=0, max_value=5)
    retry_delay_seconds = forms.IntegerField(label="Retry delay (s)", required=False, min_value=10, max_value=3_600)
    description = forms.CharField(max_length=500, required=False, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, operates: bool, **kwargs: Any) -> None:
        """``operates``: may send what is for owners and admins."""
        super().__init__(*args, **kwargs)
        kinds = [(kind.value, kind.label) for kind in Kind if operates or not needs_an_operator(kind)]
        type_field: Any = self.fields["type"]
        type_field.choices = [("", "That of the template"), *kinds]
        template_field: Any = self.fields["template"]
        template_field.queryset = CommandTemplate.objects.filter(type__in=[kind for kind, _ in kinds])
        for name in ("timeout_seconds", "retries", "retry_delay_seconds"):
            self.fields[name].widget.attrs["class"] = " ".join(INPUT_CLASSES)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not said.get("type") and not said.get("template") and "type" not in self.errors:
            self.add_error("type", "Choose a type or a template.")
        return said

    def ordered(self) -> dict[str, Any]:
        """What was filled in, for the service."""
        kept = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", {})}
        kept.pop("template", None)
        return kept


class ClaimForm(forms.Form):
    device = forms.CharField(
        label="Code of the device",
        max_length=50,
        validators=[CODE_VALIDATOR],
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="A device with this code is registered where there is none yet.",
    )
    name = forms.CharField(
        label="Name of a new device (optional)", max_length=100, required=False, widget=UnfoldAdminTextInputWidget()
    )
    valid_for = forms.TypedChoiceField(
        choices=TERMS, coerce=int, initial=USUAL // HOUR, label="Valid for", widget=UnfoldAdminSelectWidget()
    )

    def known_device(self) -> Device | None:
        found: Device | None = Device.objects.filter(code=self.cleaned_data["device"]).first()
        return found


def written(parameters: Any) -> str:
    """As people read it."""
    return json.dumps(parameters, ensure_ascii=False) if parameters else ""
