from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers

from patients.api.history import HistoryEntrySerializer, NewHistoryField
from patients.models import Patient
from tenancy.api.serializers import CamelCaseModelSerializer

READ_ONLY = ["created_at", "updated_at", "archived_at"]


class PatientSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    age = serializers.SerializerMethodField(help_text="in whole years, in the patient's time zone")
    medical_history = NewHistoryField(
        write_only=True, required=False, help_text="a note, or a list of entries, which are added"
    )

    class Meta:
        model = Patient
        fields = [
            "id",
            "code",
            "first_name",
            "last_name",
            "birth_date",
            "age",
            "gender",
            "medical_record_number",
            "email",
            "phone",
            "address",
            "room",
            "height_cm",
            "weight_kg",
            "bmi",
            "skin_tone",
            "hba1c",
            "timezone",
            "target_low",
            "target_high",
            "glucose_goals",
            "medical_history",
            *READ_ONLY,
        ]
        read_only_fields = READ_ONLY

    def get_age(self, patient: Patient) -> int | None:
        return patient.age_in_years(timezone.now())


class PatientWithHistorySerializer(PatientSerializer):
    """One patient, with the history for those who may read it; for others it is null."""

    medical_history = HistoryEntrySerializer(many=True, allow_null=True, read_only=True)  # type: ignore[assignment]

    class Meta(PatientSerializer.Meta):
        pass
