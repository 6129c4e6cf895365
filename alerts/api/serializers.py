"""Alarms as the API gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.models import Membership
from alerts.api.naming import words_of
from alerts.deliveries.messages import DISCLAIMER
from alerts.engine.doubts import Doubt, in_words
from alerts.engine.measures import MEASURES
from alerts.models import Episode, EpisodeEvent
from alerts.services.acts import LONGEST_CRITICAL_SNOOZE, LONGEST_NOTE, LONGEST_SNOOZE, SHORTEST_SNOOZE, Verdict
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

# A sensor measures from 40 to 400: what stands beyond is no number, and must not look like one.
LOWEST, HIGHEST = 40, 400


class PersonSerializer(CamelCaseSerializer):
    id = serializers.UUIDField(source="user_public_id")
    name = serializers.CharField()


class EpisodeSerializer(CamelCaseModelSerializer):
    """Glucose in mg/dL, null where the sensor said Low or High; then glucoseFlag says so."""

    id = serializers.UUIDField(source="public_id")
    patient = serializers.CharField(source="patient.code")
    rule = serializers.CharField(source="rule_code")
    condition_in_words = serializers.SerializerMethodField(help_text="what the rule said when it found this")
    state = serializers.ChoiceField(Episode.State.choices)
    kind = serializers.ChoiceField(Episode.Kind.choices, help_text="emergency: somebody called for help")
    metric = serializers.CharField(help_text="of a rule about other measurements than glucose; else empty")
    value = serializers.FloatField(allow_null=True, help_text="of the metric, in its unit: what opened it")
    metric_unit = serializers.SerializerMethodField()
    glucose = serializers.SerializerMethodField(help_text="mg/dL, of the reading that opened it")
    glucose_flag = serializers.SerializerMethodField(help_text="low, high or ok; null where it is not about glucose")
    worst_glucose = serializers.SerializerMethodField(help_text="mg/dL; null beyond the sensor's range")
    worst_glucose_flag = serializers.SerializerMethodField()
    doubts = serializers.ListField(
        child=serializers.ChoiceField([(doubt.value, doubt.value) for doubt in Doubt]),
        help_text="what made the alarm less certain when it began; never a reason not to look",
    )
    doubts_in_words = serializers.SerializerMethodField()
    acknowledged_by = PersonSerializer(allow_null=True)
    assigned_to = PersonSerializer(allow_null=True)
    snoozed_until = serializers.SerializerMethodField(help_text="for the caller; null where it is not, or no longer")

    class Meta:
        model = Episode
        fields = [
            *("id", "kind", "patient", "rule", "rule_name", "condition_in_words", "severity", "state"),
            *("opened_at", "confirmed_at", "eased_at", "ended_at", "found_at", "is_late"),
            *("glucose", "glucose_flag", "worst_glucose", "worst_glucose_flag"),
            *("metric", "value", "metric_unit"),
            *("doubts", "doubts_in_words"),
            *("acknowledged_at", "acknowledged_by", "assigned_to", "snoozed_until"),
        ]

    def get_condition_in_words(self, episode: Episode) -> str | None:
        return words_of(episode.rule.get("condition"), self.context["unit"])

    def get_metric_unit(self, episode: Episode) -> str | None:
        measure = MEASURES.get(episode.metric)
        return measure.unit if measure else None

    def get_glucose(self, episode: Episode) -> int | None:
        return shown_glucose(episode.glucose)

    def get_glucose_flag(self, episode: Episode) -> str | None:
        return glucose_flag(episode.glucose)

    def get_worst_glucose(self, episode: Episode) -> int | None:
        return shown_glucose(episode.worst_glucose)

    def get_worst_glucose_flag(self, episode: Episode) -> str | None:
        return glucose_flag(episode.worst_glucose)

    def get_doubts_in_words(self, episode: Episode) -> list[str]:
        return in_words(episode.doubts)

    def get_snoozed_until(self, episode: Episode) -> datetime | None:
        until: datetime | None = self.context["snoozes"].get(episode.pk)
        return until


class EventSerializer(CamelCaseModelSerializer):
    glucose = serializers.SerializerMethodField(help_text="mg/dL")
    glucose_flag = serializers.SerializerMethodField()
    actor = serializers.CharField(source="actor_id", help_text="id of the person, or code of the rule")

    class Meta:
        model = EpisodeEvent
        fields = [
            *("kind", "at", "recorded_at", "glucose", "glucose_flag"),
            *("actor_kind", "actor", "actor_name", "detail"),
        ]

    def get_glucose(self, event: EpisodeEvent) -> int | None:
        return shown_glucose(event.glucose)

    def get_glucose_flag(self, event: EpisodeEvent) -> str | None:
        return glucose_flag(event.glucose)


class EpisodeWithEventsSerializer(EpisodeSerializer):
    events = serializers.SerializerMethodField()
    notice = serializers.SerializerMethodField(help_text="to be shown with the alarm")

    class Meta(EpisodeSerializer.Meta):
        fields = [*EpisodeSerializer.Meta.fields, "events", "notice"]

    def get_events(self, episode: Episode) -> list[dict[str, Any]]:
        return list(EventSerializer(self.context["events"], many=True).data)

    def get_notice(self, episode: Episode) -> str:
        return DISCLAIMER


class AcknowledgementSerializer(CamelCaseSerializer):
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, default="", allow_blank=True)


class NewSnoozeSerializer(CamelCaseSerializer):
    minutes = serializers.IntegerField(
        min_value=SHORTEST_SNOOZE,
        max_value=LONGEST_SNOOZE,
        help_text=f"for the caller alone; of a critical alarm at most {LONGEST_CRITICAL_SNOOZE}",
    )


class ResolutionSerializer(CamelCaseSerializer):
    reason = serializers.CharField(max_length=LONGEST_NOTE)


class CommentSerializer(CamelCaseSerializer):
    text = serializers.CharField(max_length=LONGEST_NOTE)


class ReviewSerializer(CamelCaseSerializer):
    verdict = serializers.ChoiceField(Verdict.choices, help_text="whether it was a true alarm")
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, default="", allow_blank=True)


class AssignmentToSerializer(CamelCaseSerializer):
    member = serializers.UUIDField(allow_null=True, help_text="id of the person; null: nobody in particular")

    def validate_member(self, public_id: Any) -> Membership | None:
        if public_id is None:
            return None
        member: Membership | None = Membership.objects.active().of_person(public_id).first()
        if member is None:
            raise serializers.ValidationError("There is no member with this id.", code="unknown")
        return member


def shown_glucose(value: int | None) -> int | None:
    return value if value is not None and LOWEST <= value <= HIGHEST else None


def glucose_flag(value: int | None) -> str | None:
    if value is None:
        return None
    if value < LOWEST:
        return "low"
    return "high" if value > HIGHEST else "ok"
