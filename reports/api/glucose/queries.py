"""What may be asked of results, and of which time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from rest_framework import serializers

from patients.models import Patient
from readings.history.days import ONE_DAY
from reports.glucose.windows import EXACT_PERIODS, PERIODS, USUAL_PERIOD, Window, last_days, window_of
from tenancy.api.serializers import CamelCaseSerializer, InstantField

LONGEST = timedelta(days=90)
LONGEST_DAYS = 366
NEVER = "No sensor measures at that time."
ONE_OR_THE_OTHER = "Give a period, or since and until."


def is_measurable(moment: date) -> bool:
    """Bounds within which days can be reckoned with, in every zone."""
    return 1900 < moment.year < 9000


class PeriodSerializer(CamelCaseSerializer):
    """A period to the end of the day of the last reading, or an exact window."""

    windows: ClassVar[tuple[tuple[str, str], ...]] = (("since", "until"),)

    period = serializers.ChoiceField(
        tuple(PERIODS),
        required=False,
        help_text="whole days to the end of the day of the last reading; beyond 90 days from summaries of days; "
        f"{USUAL_PERIOD} if left out",
    )
    since = InstantField(required=False, help_text="14 days before until if left out")
    until = InstantField(required=False, help_text="now if left out; at most 90 days after since")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for begin, end in self.windows:
            since, until = attrs.get(begin), attrs.get(end)
            if any(instant and not is_measurable(instant) for instant in (since, until)):
                raise serializers.ValidationError(NEVER, code="window")
            if (since or until) and "period" in attrs:
                raise serializers.ValidationError({"period": [ONE_OR_THE_OTHER]}, code="window")
            if since and until and since >= until:
                raise serializers.ValidationError("until must be later than since", code="window")
            if since and until and until - since > LONGEST:
                raise serializers.ValidationError(f"Ask for {LONGEST.days} days at most.", code="window")
        return attrs

    def window(self, patient: Patient) -> Window:
        asked = self.validated_data
        found = window_of(patient, period=asked.get("period"), since=asked.get("since"), until=asked.get("until"))
        if found.since >= found.until:
            raise serializers.ValidationError("until must be later than since", code="window")
        if asked.get("since") and found.until - found.since > LONGEST:
            raise serializers.ValidationError(f"Ask for {LONGEST.days} days at most.", code="window")
        return found


class ExactPeriodSerializer(PeriodSerializer):
    period = serializers.ChoiceField(
        EXACT_PERIODS,
        required=False,
        help_text=f"whole days to the end of the day of the last reading; {USUAL_PERIOD} if left out",
    )


class ComparedPeriodsSerializer(PeriodSerializer):
    windows = (("since", "until"), ("against_since", "against_until"))

    against_since = InstantField(required=False, help_text="with againstUntil; the period right before if left out")
    against_until = InstantField(required=False, help_text="with againstSince, which it is later than")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("against_since" in attrs) != ("against_until" in attrs):
            raise serializers.ValidationError("Give both againstSince and againstUntil, or neither.", code="window")
        if "against_since" in attrs and "since" not in attrs:
            raise serializers.ValidationError("Give since and until beside againstSince.", code="window")
        return super().validate(attrs)

    def against(self, patient: Patient, window: Window) -> Window:
        asked = self.validated_data
        if "against_since" in asked:
            return window_of(patient, since=asked["against_since"], until=asked["against_until"])
        return window.before


class DaysSerializer(CamelCaseSerializer):
    """A period, or days by their dates."""

    period = serializers.ChoiceField(
        tuple(PERIODS),
        required=False,
        help_text=f"whole days to the day of the last reading; {USUAL_PERIOD} if left out",
    )
    first = serializers.DateField(required=False, help_text="by the patient's calendar; with last")
    last = serializers.DateField(required=False, help_text=f"included; at most {LONGEST_DAYS} days with first")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("first"), attrs.get("last")
        if (first is None) != (last is None):
            raise serializers.ValidationError("Give both first and last, or a period.", code="window")
        if first and last:
            if "period" in attrs:
                raise serializers.ValidationError("Give both first and last, or a period.", code="window")
            if not timedelta() <= last - first < LONGEST_DAYS * ONE_DAY:
                raise serializers.ValidationError(
                    f"last is first or up to {LONGEST_DAYS - 1} days later.", code="window"
                )
            if not (is_measurable(first) and is_measurable(last)):
                raise serializers.ValidationError(NEVER, code="window")
        return attrs

    def window(self, patient: Patient) -> Window:
        asked = self.validated_data
        if "first" in asked:
            return Window.of_days(asked["first"], asked["last"], patient.zone)
        return last_days(patient, PERIODS[asked.get("period", USUAL_PERIOD)])
