"""What goes in and out about the members of a clinic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from accounts.linked_patients import patient_with_code, patients_with_ids
from accounts.models import Membership
from accounts.roles import Role
from tenancy.api.serializers import CamelCaseModelSerializer

READ_ONLY = ["email", "created_at", "last_used_at"]


class MemberSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="user_public_id", read_only=True)
    patient = serializers.SerializerMethodField(help_text="code of the patient, for a patient's login")

    class Meta:
        model = Membership
        fields = ["id", "name", "phone", "role", "is_active", "patient", *READ_ONLY]
        read_only_fields = READ_ONLY

    def get_patient(self, member: Membership) -> str | None:
        patient = self.context["patients"].get(member.patient_id)
        return patient.code if patient else None


class NewMemberSerializer(CamelCaseModelSerializer):
    patient = serializers.CharField(
        required=False, max_length=50, help_text="code of the patient, with the role patient and only with it"
    )

    class Meta:
        model = Membership
        fields = ["email", "name", "phone", "role", "patient"]

    def validate_patient(self, code: str) -> int:
        patient = patient_with_code(code)
        if patient is None:
            raise serializers.ValidationError("There is no patient with this code.", code="unknown")
        return patient.id

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        patient_id = attrs.pop("patient", None)
        if (attrs["role"] == Role.PATIENT) != (patient_id is not None):
            raise serializers.ValidationError({"role": "The role patient goes with a patient, and only with one."})
        return {**attrs, "patient_id": patient_id}


def member_bodies(members: Sequence[Membership]) -> list[dict[str, Any]]:
    """One question for all their patients."""
    context = {"patients": patients_with_ids(member.patient_id for member in members)}
    return [MemberSerializer(member, context=context).data for member in members]


def member_body(member: Membership) -> dict[str, Any]:
    return member_bodies([member])[0]
