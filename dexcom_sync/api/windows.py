"""The stretch of time that a question is about, as Dexcom's own API takes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dexcom_sync.api.naming import PATIENT_HELP
from tenancy.api.serializers import CamelCaseSerializer
from tenancy.refusals import Refusal

LONGEST = timedelta(days=30)
USUAL = timedelta(days=1)
ADVICE = "Write a time as 2026-03-01T08:00:00, which is UTC, or with its offset."


class WrongWindow(Refusal):
    """400, as Dexcom answers it."""

    status_code = 400


@extend_schema_field(OpenApiTypes.DATETIME)
class DexcomTimeField(serializers.Field[datetime, str, str, Any]):
    """Dexcom's parameters are UTC and do not say so; with an offset they are understood as well."""

    def to_internal_value(self, data: str) -> datetime:
        try:
            written = parse_datetime(data)
            if written is None:
                raise ValueError
            # Of the first and the last day that there is, no other zone can tell the time.
            return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
        except (ValueError, OverflowError):
            raise serializers.ValidationError(ADVICE, code="time") from None


class WindowSerializer(CamelCaseSerializer):
    patient = serializers.CharField(max_length=50, required=False, default="", help_text=PATIENT_HELP)
    start_date = DexcomTimeField(
        required=False, help_text="systemTime from here on, UTC; left out: a day before endDate"
    )
    end_date = DexcomTimeField(required=False, help_text="systemTime before this, UTC; left out: now")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until = attrs.get("end_date", timezone.now())
        try:
            since = attrs.get("start_date") or until - USUAL
        except OverflowError:
            raise serializers.ValidationError({"endDate": [ADVICE]}, code="time") from None
        return {"patient": attrs["patient"], "since": since, "until": until, "is_given": self._is_given(attrs)}

    def _is_given(self, attrs: dict[str, Any]) -> bool:
        return "start_date" in attrs or "end_date" in attrs


def checked_window(asked: dict[str, Any]) -> tuple[datetime, datetime]:
    """Raises WrongWindow."""
    since, until = asked["since"], asked["until"]
    if since >= until:
        raise WrongWindow("endDate must be later than startDate.")
    if until - since > LONGEST:
        raise WrongWindow(f"Ask for {LONGEST.days} days at most.")
    return since, until
