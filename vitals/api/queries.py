"""What may be asked of measurements, and of which days."""

from __future__ import annotations

from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError

from tenancy.api.serializers import CamelCaseSerializer

BOTH_OR_NEITHER = "Provide both startDate and endDate, or neither."
WRONG_ORDER = "startDate cannot be after endDate."
# Days that every zone and PostgreSQL can reckon with.
EARLIEST, LATEST = date(1900, 1, 2), date(9000, 1, 1)
OUT_OF_REACH = f"Days from {EARLIEST} to {LATEST} can be asked for."


class PatientQuerySerializer(CamelCaseSerializer):
    patient = serializers.CharField(
        required=False, max_length=50, help_text="code; a patient's own login may leave it out"
    )


class DaysQuerySerializer(PatientQuerySerializer):
    """Calendar days of the patient's zone; both belong to what is asked."""

    start_date = serializers.DateField(required=False, help_text="with endDate")
    end_date = serializers.DateField(required=False, help_text="included; with startDate")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("start_date"), attrs.get("end_date")
        if (first is None) != (last is None):
            raise ParseError(BOTH_OR_NEITHER)
        if first and last:
            if not (EARLIEST <= first <= LATEST and EARLIEST <= last <= LATEST):
                raise ParseError(OUT_OF_REACH)
            if first > last:
                raise ParseError(WRONG_ORDER)
        return attrs
