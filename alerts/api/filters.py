from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError

from accounts.principals import signed_in_person
from alerts.models import Episode, EpisodeQuerySet, Severity
from patients.models import Patient
from tenancy.api.filters import FilterSet, InstantFilter, OneOfFilter, SearchFilter, YesNoFilter

OPEN = "open"
STATES = [(OPEN, OPEN), *((state.value, state.value) for state in Episode.State)]
# What its rule has not confirmed is no alarm: it shows only to who asks for it.
UNCONFIRMED = {Episode.State.CONFIRMING, Episode.State.DISMISSED}


class EpisodeFilters(FilterSet):
    state = OneOfFilter(STATES, help_text="open: active and hysteresis; confirming and dismissed are no alarms")
    severity = OneOfFilter(Severity.choices)
    patient = SearchFilter(help_text="exactly this patient's code")
    rule = SearchFilter(help_text="exactly this rule's code")
    since = InstantFilter(help_text="opened at this time or later; an offset is required")
    until = InstantFilter(help_text="opened before this time; an offset is required")
    acknowledged = YesNoFilter(help_text="false: alarms that nobody has acknowledged")
    assignedTo = SearchFilter(help_text="id of a person, or me")

    class Meta:
        model = Episode
        fields: list[str] = []

    def filter_queryset(self, queryset: EpisodeQuerySet) -> EpisodeQuerySet:
        chosen = self.form.cleaned_data
        episodes = _in_state(queryset, chosen["state"])
        if chosen["severity"]:
            episodes = episodes.filter(severity=chosen["severity"])
        if chosen["patient"]:
            episodes = episodes.filter(patient__in=Patient.objects.with_code(chosen["patient"]))
        if chosen["rule"]:
            episodes = episodes.filter(rule_code=chosen["rule"])
        if chosen["acknowledged"] is not None and chosen["acknowledged"] != "":
            episodes = episodes.filter(acknowledged_at__isnull=not chosen["acknowledged"])
        if chosen["assignedTo"]:
            episodes = episodes.filter(assigned_to__user_public_id=self._person(chosen["assignedTo"]))
        return episodes.between(chosen["since"], chosen["until"])

    def _person(self, name: str) -> Any:
        if name == "me":
            return signed_in_person(self.request).user_public_id
        try:
            return uuid.UUID(name)
        except ValueError:
            raise ValidationError({"assigned_to": "Write the id of a person, or me."}) from None


def _in_state(episodes: EpisodeQuerySet, state: str) -> EpisodeQuerySet:
    if not state:
        return episodes.confirmed()
    if state == OPEN:
        return episodes.alarming()
    chosen = episodes.filter(state=state)
    return chosen if state in UNCONFIRMED else chosen.confirmed()
