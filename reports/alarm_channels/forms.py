from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Membership
from accounts.roles import STAFF_ROLES
from alerts.deliveries.channels import KINDS
from alerts.deliveries.shown import shown_settings
from alerts.models import Channel, RuleGroup, Severity
from reports.alarm_channels.wording import LEVELS

# Before the names of settings, which are the partner's words.
PREFIX = "setting_"
LONG = {"service_account"}


class ChannelForm(forms.Form):
    """The fields of one kind, as it declares them. What is secret is never shown again: empty leaves it as it is."""

    name = forms.CharField(max_length=100, help_text="As colleagues know it, such as “Night duty”.")

    def __init__(self, kind: str, channel: Channel | None, data: Any) -> None:
        super().__init__(data, initial={} if channel is None else {"name": channel.name, "is_on": channel.is_on})
        declared = KINDS[kind]
        self.kind = kind
        shown = {one.name: one for one in shown_settings(channel)} if channel else {}
        for need in declared.needs:
            known = shown.get(need.name)
            is_kept = need.is_secret and known is not None and known.is_set
            may_miss = need.name == declared.address_need
            field = forms.CharField(
                label=need.label,
                max_length=8_000,
                required=not may_miss and not is_kept,
                strip=True,
                help_text=_help(need, known.hint if known and is_kept else None, may_miss=may_miss),
                widget=_widget(need),
            )
            if known and known.value is not None:
                field.initial = known.value
            self.fields[PREFIX + need.name] = field
        if channel is not None:
            self.fields["is_on"] = forms.BooleanField(label="Switched on", required=False)

    def settings(self) -> dict[str, str]:
        """What was typed; an empty secret is not said, so that it stays."""
        declared = KINDS[self.kind]
        typed = {need.name: self.cleaned_data[PREFIX + need.name] for need in declared.needs}
        secret = {need.name for need in declared.needs if need.is_secret}
        return {name: value for name, value in typed.items() if value or name not in secret}

    def add_problems(self, problems: dict[str, str]) -> None:
        for name, problem in problems.items():
            self.add_error(PREFIX + name if PREFIX + name in self.fields else None, problem)


def _help(need: Any, hint: str | None, *, may_miss: bool) -> str:
    if hint:
        return f"Set: {hint}. Leave it empty to keep it."
    if may_miss:
        return f"{need.advice} Empty: the members whom contacts name are told."
    return str(need.advice)


def _widget(need: Any) -> forms.Widget:
    if need.name in LONG:
        return forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"})
    if need.is_secret:
        return forms.PasswordInput(attrs={"autocomplete": "off"})
    return forms.TextInput(attrs={"autocomplete": "off"})


class ContactForm(forms.Form):
    level = forms.TypedChoiceField(choices=list(LEVELS.items()), coerce=int, label="When")
    member = forms.ChoiceField(required=False, label="Who")
    channel = forms.ChoiceField(required=False, label="By what")
    group = forms.ChoiceField(required=False, label="For whose alarms")
    minimum_severity = forms.ChoiceField(label="From which severity", choices=Severity.choices)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        members = Membership.objects.active().filter(role__in=STAFF_ROLES).order_by("name", "id")
        self._rows = {
            "member": {str(one.user_public_id): one for one in members},
            "channel": {str(one.public_id): one for one in Channel.objects.standing()},
            "group": {str(one.public_id): one for one in RuleGroup.objects.all()},
        }
        nobody = {
            "member": "Nobody in particular",
            "channel": "E-mail to the member",
            "group": "All patients",
        }
        for name, rows in self._rows.items():
            field: Any = self.fields[name]
            field.choices = [("", nobody[name]), *((key, one.name) for key, one in rows.items())]
        if not self._rows["group"]:
            del self.fields["group"]

    def chosen(self) -> dict[str, Any]:
        """For the service."""
        data = self.cleaned_data
        rows = {name: of.get(data.get(name, "")) for name, of in self._rows.items()}
        return {"position": data["level"], "minimum_severity": data["minimum_severity"], **rows}
