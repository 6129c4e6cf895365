from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers

from devices.health import Connectivity, Health, connectivity, health, warnings
from devices.models import Device
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

READ_ONLY = ["last_seen_at", "battery_level", "created_at", "updated_at"]


def patient_of(device: Device) -> str | None:
    """Needs a device from ``with_patients_at``."""
    for assignment in device.assignments_in_force:  # type: ignore[attr-defined]
        code: str = assignment.patient.code
        return code
    return None


class DeviceSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    patient = serializers.SerializerMethodField(help_text="code of the patient whom it measures now")

    class Meta:
        model = Device
        fields = [
            "id",
            "code",
            "name",
            "kind",
            "status",
            "serial_number",
            "firmware_version",
            "hardware_revision",
            "manufactured_on",
            "calibrated_on",
            "reading_interval",
            "expected_lag_minutes",
            "patient",
            *READ_ONLY,
        ]
        read_only_fields = READ_ONLY
        # null is a device without a number; "" would be a number that only one device may have.
        extra_kwargs = {"serial_number": {"allow_blank": False}}

    def get_patient(self, device: Device) -> str | None:
        return patient_of(device)

    def validate_status(self, status: str) -> str:
        """Retiring also ends the keys and the assignment, so it has a method of its own."""
        if status == Device.Status.RETIRED and (self.instance is None or self.instance.status != status):
            raise serializers.ValidationError("To retire a device, send DELETE.")
        return status


class DeviceStatusSerializer(CamelCaseSerializer):
    device_id = serializers.CharField(source="code")
    status = serializers.ChoiceField(Device.Status.choices)
    connectivity = serializers.SerializerMethodField(
        help_text="offline after three reading intervals without a contact"
    )
    last_seen_at = serializers.DateTimeField(allow_null=True)
    battery_level = serializers.IntegerField(allow_null=True)
    firmware_version = serializers.CharField()
    reading_interval = serializers.IntegerField(help_text="seconds")
    patient = serializers.SerializerMethodField(help_text="code of the patient whom it measures now")

    def get_connectivity(self, device: Device) -> Connectivity:
        return connectivity(device, timezone.now())

    def get_patient(self, device: Device) -> str | None:
        return patient_of(device)


class DeviceHealthSerializer(CamelCaseSerializer):
    device_id = serializers.CharField(source="code")
    health = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField(help_text="sentences: what somebody should look at")
    last_seen_at = serializers.DateTimeField(allow_null=True)
    battery_level = serializers.IntegerField(allow_null=True)

    def get_health(self, device: Device) -> Health:
        return health(device, timezone.now())

    def get_warnings(self, device: Device) -> list[str]:
        return warnings(device)
