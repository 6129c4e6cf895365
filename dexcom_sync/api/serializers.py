from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dexcom_sync.models import Connection, Progress, Region, Resource
from dexcom_sync.shown import past_share
from dexcom_sync.wording import error_sentence, status_sentence
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField


class ConnectionErrorSerializer(CamelCaseSerializer):
    code = serializers.CharField()
    text = serializers.CharField(help_text="what happened, and what to do")
    at = InstantField(allow_null=True)


class ProgressSerializer(CamelCaseSerializer):
    resource = serializers.ChoiceField(Resource.choices)
    synced_through = InstantField(allow_null=True, help_text="everything that could be seen up to here was read")
    past_read_to = InstantField(source="backfilled_to", allow_null=True, help_text="the past is read newest first")
    past_begins = InstantField(source="backfill_floor", allow_null=True, help_text="where the past will be whole")
    past_share = serializers.SerializerMethodField(help_text="0 to 1; null while nobody knows how much there is")

    def get_past_share(self, row: Progress) -> float | None:
        share = past_share(row)
        return None if share is None else round(share, 4)


class ConnectionSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    patient = serializers.CharField(source="patient.code", help_text="code")
    region = serializers.ChoiceField(Region.choices)
    status = serializers.ChoiceField(Connection.Status.choices)
    status_text = serializers.SerializerMethodField(help_text="the status in words")
    data_through = InstantField(allow_null=True, help_text="data as of: the newest value, by the device's clock")
    last_sync_at = InstantField(source="last_ok_at", allow_null=True, help_text="when all was read last")
    last_error = serializers.SerializerMethodField()
    next_look_at = InstantField(source="next_due_at", allow_null=True, help_text="null: only after a person has acted")
    is_reading = serializers.SerializerMethodField(help_text="a worker has it in hand")
    is_reading_past = serializers.BooleanField(source="is_backfilling")
    progress = serializers.SerializerMethodField()

    class Meta:
        model = Connection
        fields = [
            *("id", "patient", "region", "status", "status_text", "data_through", "last_sync_at", "last_error"),
            *("next_look_at", "is_reading", "is_reading_past", "authorized_at", "created_at", "progress"),
        ]

    def get_status_text(self, connection: Connection) -> str:
        return status_sentence(connection.status)

    @extend_schema_field(ConnectionErrorSerializer(allow_null=True))
    def get_last_error(self, connection: Connection) -> dict[str, Any] | None:
        code = connection.last_error
        if not code:
            return None
        told = {"code": code, "text": error_sentence(code), "at": connection.last_error_at}
        return dict(ConnectionErrorSerializer(told).data)

    def get_is_reading(self, connection: Connection) -> bool:
        return connection.claimed_until is not None and connection.claimed_until > timezone.now()

    @extend_schema_field(ProgressSerializer(many=True))
    def get_progress(self, connection: Connection) -> list[dict[str, Any]]:
        return list(ProgressSerializer(connection.progress.all(), many=True).data)


class AcceptanceSerializer(CamelCaseSerializer):
    reason = serializers.CharField(
        max_length=500, help_text="how it was made sure that the account is the patient's; it stands in the ledger"
    )
