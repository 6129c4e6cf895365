"""A rule tried on a patient's past."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.naming import GivenPatientField, clinic_unit, words_of
from alerts.api.rules import RuleChangesSerializer
from alerts.api.serializers import glucose_flag, shown_glucose
from alerts.models import Severity
from alerts.rules import standing_for_patient
from alerts.rules.replays import LONGEST_DAYS, PatientReplay, replay_for
from alerts.services.rules import planned_rule
from audit.services import record_look
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField

REPLAY = "alerts.replay"


class NewReplaySerializer(RuleChangesSerializer):
    """A rule that stands for the patient, with what shall be tried in it; or with a condition alone, a new one."""

    patient = GivenPatientField(help_text="code")
    rule = serializers.CharField(max_length=50, required=False, help_text="code of a rule that stands for the patient")
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS, default=14)


class ReplayedEpisodeSerializer(CamelCaseSerializer):
    severity = serializers.ChoiceField(Severity.choices)
    opened_at = InstantField()
    confirmed_at = InstantField()
    resolved_at = InstantField(allow_null=True, help_text="null: it goes on")
    worst_glucose = serializers.SerializerMethodField(help_text="mg/dL")
    worst_glucose_flag = serializers.SerializerMethodField()

    def get_worst_glucose(self, episode: Any) -> int | None:
        return shown_glucose(episode.worst)

    def get_worst_glucose_flag(self, episode: Any) -> str | None:
        return glucose_flag(episode.worst)


class ReplaySerializer(CamelCaseSerializer):
    condition_in_words = serializers.CharField()
    in_words = serializers.CharField(help_text="would have alarmed 14 times, 3 at night")
    since = InstantField(allow_null=True, help_text="of the oldest reading that was looked at")
    readings = serializers.IntegerField()
    alarms = serializers.IntegerField()
    at_night = serializers.IntegerField(help_text="from 22:00 to 07:00 of the patient's clock")
    episodes = ReplayedEpisodeSerializer(many=True)


class ReplayView(RoutedView, APIView):
    @extend_schema(request=NewReplaySerializer, responses=ReplaySerializer)
    def post(self, request: Request) -> Response:
        """How often it would have alarmed; nothing is saved."""
        form = NewReplaySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        patient, days, code = said.pop("patient"), said.pop("days"), said.pop("rule", None)
        plan = planned_rule(code=code, said=said, below=standing_for_patient(patient))
        # Each time anew: how much was looked at differs from one to the next.
        record_look(kind=REPLAY, object_id=patient.code, patient_id=patient.pk, always=True)
        return Response(body_of(replay_for(patient=patient, plan=plan, days=days), plan.condition.to_json()))


def body_of(done: PatientReplay, condition: Any) -> dict[str, Any]:
    shown = {
        "condition_in_words": words_of(condition, clinic_unit()),
        "in_words": done.found.in_words(),
        "since": done.since,
        "readings": done.readings,
        "alarms": len(done.found.episodes),
        "at_night": done.found.at_night,
        "episodes": done.found.episodes,
    }
    return dict(ReplaySerializer(shown).data)
