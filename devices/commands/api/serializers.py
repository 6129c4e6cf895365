from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from devices.commands.models import CommandStep, CommandTemplate, DeviceCommand, Kind, Priority, Status
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField

ORDERED = [
    *("type", "priority", "parameters", "timeout_seconds", "retries", "retry_delay_seconds", "description"),
]


# Null is any JSON already: declared as nullable besides, the document would take it for two things at once.
@extend_schema_field({})
class ReportedField(serializers.JSONField):
    pass


class PriorityField(serializers.ChoiceField):
    """In words outside, in numbers that sort within."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Priority.labels, **options)

    def to_internal_value(self, data: Any) -> Any:
        return Priority[super().to_internal_value(data).upper()].value

    def to_representation(self, value: Any) -> Any:
        return str(Priority(value).label)


class CommandSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    device = serializers.CharField(source="device.code")
    type = serializers.ChoiceField(Kind.choices)
    status = serializers.ChoiceField(Status.choices)
    priority = PriorityField()
    parameters = serializers.DictField()
    expires_at = InstantField(help_text="until when it may be fetched, and once it is fetched, reported")
    retry_attempt = serializers.IntegerField(source="attempt", help_text="0 is the first")
    retry_at = serializers.SerializerMethodField(help_text="when it is tried again by itself; null: it is not")
    deliveries = serializers.IntegerField(help_text="times the device was given it in this and earlier attempts")
    result = ReportedField(read_only=True, help_text="as the device reported it; null until then")
    error_message = serializers.CharField(source="error")
    cancel_reason = serializers.CharField(source="reason")
    executed_at = InstantField(source="executing_at", allow_null=True, help_text="when the device began")
    completed_at = InstantField(source="finished_at", allow_null=True, help_text="when it ended, however")
    execution_time_ms = serializers.SerializerMethodField(help_text="null before the device reported the end")

    class Meta:
        model = DeviceCommand
        fields = [
            *("id", "device", "status", *ORDERED, "scheduled_at", "created_at", "requested_by", "expires_at"),
            *("retry_attempt", "retry_at", "deliveries", "sent_at", "executed_at", "completed_at"),
            *("execution_time_ms", "result", "error_message", "cancel_reason"),
        ]

    def get_retry_at(self, command: DeviceCommand) -> str | None:
        if command.status not in (Status.FAILED, Status.TIMEOUT) or command.next_step_at is None:
            return None
        return str(InstantField().to_representation(command.next_step_at))

    def get_execution_time_ms(self, command: DeviceCommand) -> int | None:
        begun = command.executing_at or command.sent_at
        if command.status not in (Status.COMPLETED, Status.FAILED) or begun is None or command.finished_at is None:
            return None
        return round((command.finished_at - begun).total_seconds() * 1000)


class StepSerializer(CamelCaseModelSerializer):
    status = serializers.ChoiceField(Status.choices)
    retry_attempt = serializers.IntegerField(source="attempt")

    class Meta:
        model = CommandStep
        fields = ["at", "status", "retry_attempt", "by", "note"]


class CommandWithHistorySerializer(CommandSerializer):
    history = StepSerializer(source="steps", many=True, help_text="oldest first")

    class Meta(CommandSerializer.Meta):
        fields = [*CommandSerializer.Meta.fields, "history"]


class OrderedSerializer(CamelCaseSerializer):
    """What may be said of a command; what is left out is the template's or the default."""

    type = serializers.ChoiceField(Kind.choices)
    priority = PriorityField(required=False, help_text="normal where it is not given")
    parameters = serializers.DictField(required=False, help_text="by type: docs/integrate-a-device.md")
    timeout_seconds = serializers.IntegerField(
        required=False, min_value=30, max_value=3_600, help_text="300; from when the device fetched it"
    )
    retries = serializers.IntegerField(
        required=False, min_value=0, max_value=5, help_text="0; after a failure or a timeout"
    )
    retry_delay_seconds = serializers.IntegerField(required=False, min_value=10, max_value=3_600, help_text="60")
    description = serializers.CharField(required=False, allow_blank=True, max_length=500)


class NewCommandSerializer(OrderedSerializer):
    type = serializers.ChoiceField(Kind.choices, required=False, help_text="needed where no template is named")
    template = serializers.UUIDField(required=False)
    scheduled_at = InstantField(required=False, allow_null=True, help_text="now, where it is not given")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "type" not in attrs and "template" not in attrs:
            raise serializers.ValidationError({"type": ["Name a type or a template."]}, code="required")
        return attrs


class TemplateSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    type = serializers.ChoiceField(Kind.choices)
    priority = PriorityField()
    parameters = serializers.DictField()
    usage_count = serializers.IntegerField(help_text="commands that were made of it")

    class Meta:
        model = CommandTemplate
        fields = ["id", "name", *ORDERED, "usage_count", "created_at", "updated_at"]


class NewTemplateSerializer(OrderedSerializer):
    name = serializers.CharField(max_length=100)
