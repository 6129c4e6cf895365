from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers

from patients.models import Patient
from tenancy.api.serializers import CamelCaseModelSerializer

READ_ONLY = ["created_at", "updated_at", "archived_at"]


class PatientSerializer(CamelCaseModelSerializer):
    refused = {"medicalHistory": "The medical history is not supported yet."}

    id = serializers.UUIDField(source="public_id", read_only=True)
    age = serializers.SerializerMethodField(help_text="in whole years, in the patient's time zone")

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
            *READ_ONLY,
        ]
        read_only_fields = READ_ONLY

    def get_age(self, patient: Patient) -> int | None:
        return patient.age_in_years(timezone.now())
