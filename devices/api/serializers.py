from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers

from devices.fleet.health import Facts, health, notices, warnings
from devices.health import Connectivity, Health, connectivity
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


class HeartbeatSerializer(CamelCaseSerializer):
    heard_at = serializers.DateTimeField(allow_null=True)
    status = serializers.CharField(help_text="what the device says of itself")
    firmware_version = serializers.CharField()
    signal_strength = serializers.IntegerField(allow_null=True, help_text="dBm")
    uptime = serializers.IntegerField(allow_null=True, help_text="seconds")
    temperature = serializers.FloatField(allow_null=True, help_text="°C, of the device")
    memory_usage = serializers.FloatField(allow_null=True, help_text="percent")
    cpu_usage = serializers.FloatField(allow_null=True, help_text="percent")
    clock_skew = serializers.IntegerField(allow_null=True, help_text="seconds by which its clock is ahead")
    settings_version = serializers.IntegerField(allow_null=True, help_text="of the settings that it works with")


class DeviceHealthSerializer(CamelCaseSerializer):
    """Of a device's facts."""

    device_id = serializers.CharField(source="device.code")
    health = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField(help_text="sentences: what somebody should look at")
    notices = serializers.SerializerMethodField(help_text="sentences: good to know, no warning yet")
    last_seen_at = serializers.DateTimeField(source="device.last_seen_at", allow_null=True)
    battery_level = serializers.IntegerField(source="device.battery_level", allow_null=True)
    heartbeat = HeartbeatSerializer(source="state", allow_null=True, help_text="the newest one")

    def get_health(self, facts: Facts) -> Health:
        return health(facts, timezone.now())

    def get_warnings(self, facts: Facts) -> list[str]:
        return warnings(facts, timezone.now())

    def get_notices(self, facts: Facts) -> list[str]:
        return notices(facts)
