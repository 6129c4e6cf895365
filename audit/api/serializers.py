from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from audit.actions import Action, Outcome
from audit.models import Entry
from audit.patients import codes_of
from audit.wording import changes_of
from tenancy.api.serializers import CamelCaseSerializer, InstantField


class ActorSerializer(CamelCaseSerializer):
    kind = serializers.ChoiceField(["person", "key", "support", "system", "anonymous"])
    identity = serializers.CharField(help_text="id of the person or the key; of the platform, its command or task")
    name = serializers.CharField()
    role = serializers.CharField()


class ChangeSerializer(CamelCaseSerializer):
    field = serializers.CharField()
    # Any JSON, null included; allow_null would describe null twice.
    old = serializers.JSONField()
    new = serializers.JSONField()


class EntrySerializer(CamelCaseSerializer):
    at = InstantField()
    actor = ActorSerializer()
    action = serializers.ChoiceField(Action.choices)
    object_type = serializers.CharField()
    object_id = serializers.CharField()
    patients = serializers.ListField(child=serializers.CharField(), help_text="codes of whose records it was")
    outcome = serializers.ChoiceField(Outcome.choices)
    count = serializers.IntegerField(help_text="how many rows, patients or repeated looks the entry stands for")
    ip = serializers.IPAddressField(allow_null=True)
    session = serializers.CharField()
    request_id = serializers.CharField()
    reason = serializers.CharField()
    changes = ChangeSerializer(many=True, help_text="in their order; sealed values stay sealed here")


def entry_bodies(entries: Sequence[Entry]) -> Any:
    """One question for the codes of all their patients."""
    codes = codes_of(number for entry in entries for number in entry.all_patient_ids)
    return EntrySerializer([_body(entry, codes) for entry in entries], many=True).data


def _body(entry: Entry, codes: dict[int, str]) -> dict[str, Any]:
    names = ("at", "action", "object_type", "object_id", "outcome", "count", "ip", "session", "request_id", "reason")
    return {
        **{name: getattr(entry, name) for name in names},
        "actor": {
            "kind": entry.actor_kind,
            "identity": entry.actor_id,
            "name": entry.actor_name,
            "role": entry.actor_role,
        },
        "patients": [codes[number] for number in entry.all_patient_ids if number in codes],
        "changes": changes_of(entry),
    }
