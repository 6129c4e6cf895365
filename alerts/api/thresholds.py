"""Bounds of six vital signs, of the clinic and of a patient: the simple form over the rules about them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.engine.measures import MEASURES
from alerts.presets.vital_signs import VITAL_SIGNS, Bounds
from alerts.services.thresholds import Threshold, set_thresholds, thresholds_of
from audit.services import record_look
from patients.api.care_team import named_patient
from patients.models import Patient
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

# The kind of look that the routes name.
THRESHOLDS = "alerts.thresholds"
_BOUNDS = ("warning_min", "warning_max", "critical_min", "critical_max")
METRICS = [(metric, MEASURES[metric].said) for metric in VITAL_SIGNS]


class NewThresholdSerializer(CamelCaseSerializer):
    metric = serializers.ChoiceField(choices=METRICS)
    warning_min = serializers.FloatField(allow_null=True, default=None, help_text="in the metric's unit; null: none")
    warning_max = serializers.FloatField(allow_null=True, default=None)
    critical_min = serializers.FloatField(allow_null=True, default=None)
    critical_max = serializers.FloatField(allow_null=True, default=None)


class NewThresholdsSerializer(CamelCaseSerializer):
    thresholds = NewThresholdSerializer(many=True, help_text="those left out are what stands below")

    def validate_thresholds(self, said: list[dict[str, Any]]) -> dict[str, Bounds]:
        found = {one["metric"]: Bounds(*(one[name] for name in _BOUNDS)) for one in said}
        if len(found) < len(said):
            raise serializers.ValidationError("Name each vital sign once.", code="repeated")
        return found


class NewClinicThresholdsSerializer(NewThresholdsSerializer):
    enabled = serializers.BooleanField(help_text="whether vital signs alarm at all; a patient's own bounds do anyway")


class ThresholdSerializer(CamelCaseSerializer):
    metric = serializers.ChoiceField(choices=METRICS)
    name = serializers.CharField()
    unit = serializers.CharField()
    warning_min = serializers.FloatField(allow_null=True)
    warning_max = serializers.FloatField(allow_null=True)
    critical_min = serializers.FloatField(allow_null=True)
    critical_max = serializers.FloatField(allow_null=True)
    is_on = serializers.BooleanField()
    is_other_rule = serializers.BooleanField(help_text="a rule of another form stands here: see the alarm rules")
    set_by = serializers.CharField(source="origin", help_text="default, clinic, group or patient")


class ThresholdsSerializer(CamelCaseSerializer):
    thresholds = ThresholdSerializer(many=True)


class PatientThresholdsView(RoutedView, APIView):
    @extend_schema(responses=ThresholdsSerializer)
    def get(self, request: Request, code: str) -> Response:
        """What is in force for the patient, wherever it comes from. A value at a bound is fine."""
        patient = named_patient(code)
        record_look(kind=THRESHOLDS, object_id=patient.code, patient_id=patient.pk)
        return Response(_body(patient))

    @extend_schema(request=NewThresholdsSerializer, responses=ThresholdsSerializer)
    def put(self, request: Request, code: str) -> Response:
        """The patient's own bounds. They alarm whether the clinic's are on or not."""
        patient = named_patient(code)
        form = NewThresholdsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        _save(said=form.validated_data["thresholds"], patient=patient)
        return Response(_body(patient))


class ClinicThresholdsView(RoutedView, APIView):
    @extend_schema(responses=ThresholdsSerializer)
    def get(self, request: Request) -> Response:
        return Response(_body(None))

    @extend_schema(request=NewClinicThresholdsSerializer, responses=ThresholdsSerializer)
    def put(self, request: Request) -> Response:
        """For all patients who have none of their own."""
        form = NewClinicThresholdsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        _save(said=form.validated_data["thresholds"], is_on=form.validated_data["enabled"])
        return Response(_body(None))


def _save(*, said: dict[str, Bounds], patient: Patient | None = None, is_on: bool = True) -> None:
    try:
        set_thresholds(said=said, patient=patient, is_on=is_on)
    except ValidationError as refused:
        sentences = [f"{metric}: {' '.join(texts)}" for metric, texts in refused.message_dict.items()]
        raise serializers.ValidationError({"thresholds": sentences}, code="bounds") from refused


def _body(patient: Patient | None) -> Any:
    return ThresholdsSerializer({"thresholds": [_shown(one) for one in thresholds_of(patient)]}).data


def _shown(one: Threshold) -> dict[str, Any]:
    bounds = one.bounds or Bounds()
    return {
        **{"metric": one.metric, "name": one.name, "unit": one.unit},
        **{name: getattr(bounds, name) for name in _BOUNDS},
        **{"is_on": one.is_on, "is_other_rule": one.bounds is None, "origin": one.source},
    }
