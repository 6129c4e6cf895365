"""What was observed of a patient at one time, and the early warning score that follows from it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership
from accounts.principals import signed_in_person
from analytics.news2 import Consciousness, Parameter, Risk, SpO2Scale
from audit.services import record_look
from patients.api.care_team import named_patient
from patients.models import Patient
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField
from vitals.catalogue import TYPES, Metric
from vitals.models import Observation, ObservationQuerySet, OxygenScale
from vitals.observations.scoring import Scored, scored
from vitals.observations.services import Author, Observed, decide_oxygen_scale, record_observation

# The kinds of look that the routes name.
OBSERVATION, OXYGEN_SCALE = "vitals.observation", "vitals.oxygenscale"
CAUTION = "The score supports clinical judgement and does not replace it. It is not made for children and pregnancy."
# By the names of the body.
VALUES = {
    "respiratory_rate": Metric.RESPIRATORY_RATE,
    "blood_oxygen": Metric.BLOOD_OXYGEN,
    "systolic": Metric.BLOOD_PRESSURE,
    "heart_rate": Metric.HEART_RATE,
    "body_temperature": Metric.BODY_TEMPERATURE,
}
CONSCIOUSNESS = [each.value for each in Consciousness]


def _value(metric: Metric, *, is_second: bool = False) -> serializers.FloatField:
    kind = TYPES[metric]
    limits = kind.second if is_second and kind.second else kind.limits
    return serializers.FloatField(
        required=False, allow_null=True, min_value=limits.low, max_value=limits.high, help_text=kind.unit
    )


class ObservedValuesSerializer(CamelCaseSerializer):
    respiratory_rate = _value(Metric.RESPIRATORY_RATE)
    blood_oxygen = _value(Metric.BLOOD_OXYGEN)
    on_oxygen = serializers.BooleanField(required=False, allow_null=True, help_text="false: air")
    systolic = _value(Metric.BLOOD_PRESSURE)
    diastolic = _value(Metric.BLOOD_PRESSURE, is_second=True)
    heart_rate = _value(Metric.HEART_RATE)
    consciousness = serializers.ChoiceField(CONSCIOUSNESS, required=False, allow_null=True)
    body_temperature = _value(Metric.BODY_TEMPERATURE)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class NewObservationSerializer(ObservedValuesSerializer):
    observed_at = InstantField(required=False, help_text="now if left out")


class News2PartShape(CamelCaseSerializer):
    parameter = serializers.ChoiceField([each.value for each in Parameter])
    points = serializers.IntegerField()


class News2Shape(CamelCaseSerializer):
    total = serializers.IntegerField(allow_null=True, help_text="0 to 20; null where an observation is missing")
    risk = serializers.ChoiceField([each.value for each in Risk], allow_null=True)
    parts = News2PartShape(many=True)
    missing = serializers.ListField(child=serializers.ChoiceField([each.value for each in Parameter]))
    caution = serializers.CharField()


class ObservationShape(ObservedValuesSerializer):
    id = serializers.UUIDField()
    observed_at = InstantField()
    made_by = serializers.CharField()
    scale = serializers.ChoiceField([each.value for each in SpO2Scale], help_text="by which blood oxygen counts")
    news2 = News2Shape()


class ObservationPagination(ItemsPagination):
    ordering = ("-observed_at", "public_id")


class ObservationsView(RoutedView, GenericAPIView[Observation]):
    serializer_class = ObservationShape
    pagination_class = ObservationPagination
    queryset = Observation.objects.none()  # for the schema, which knows no patient

    @extend_schema(responses=ObservationShape(many=True))
    def get(self, request: Request, code: str) -> Response:
        """Newest first, each with its score."""
        patient = named_patient(code)
        record_look(kind=OBSERVATION, object_id=patient.code, patient_id=patient.pk)
        observations: ObservationQuerySet = Observation.objects.for_patient(patient)
        page = self.paginate_queryset(observations) or []
        return self.get_paginated_response([observation_body(each) for each in scored(patient, page)])

    @extend_schema(request=NewObservationSerializer, responses={201: ObservationShape})
    def post(self, request: Request, code: str) -> Response:
        """Enter what was observed at one time. Values become measurements; a score needs all seven observations."""
        patient = named_patient(code)
        form = NewObservationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = record_observation(
            patient=patient,
            author=author_of(request),
            observed=_observed(form.validated_data),
            observed_at=form.validated_data.get("observed_at"),
        )
        (shown,) = scored(patient, [made])
        return Response(observation_body(shown), status=201)


class OxygenScaleSerializer(CamelCaseModelSerializer):
    class Meta:
        model = OxygenScale
        fields = ["scale", "reason", "decided_at", "decided_by"]


class OxygenDecisionSerializer(CamelCaseSerializer):
    scale = serializers.ChoiceField([each.value for each in SpO2Scale])
    reason = serializers.CharField(max_length=500, help_text="e.g. confirmed hypercapnic respiratory failure")


class OxygenScalesShape(CamelCaseSerializer):
    scale = serializers.ChoiceField([each.value for each in SpO2Scale], help_text="in force")
    decisions = OxygenScaleSerializer(many=True, help_text="newest first, the last 20")


class OxygenScaleView(RoutedView, APIView):
    @extend_schema(responses=OxygenScalesShape)
    def get(self, request: Request, code: str) -> Response:
        """By which scale the patient's oxygen counts, and who decided so. Scale 1 where nobody did."""
        patient = named_patient(code)
        record_look(kind=OXYGEN_SCALE, object_id=patient.code, patient_id=patient.pk)
        return Response(_decisions(patient))

    @extend_schema(request=OxygenDecisionSerializer, responses=OxygenScalesShape)
    def put(self, request: Request, code: str) -> Response:
        """Scale 2 is for a confirmed hypercapnic respiratory failure with a target of 88 to 92 %."""
        patient = named_patient(code)
        form = OxygenDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        decide_oxygen_scale(
            patient=patient,
            author=author_of(request),
            scale=SpO2Scale(form.validated_data["scale"]),
            reason=form.validated_data["reason"],
        )
        return Response(_decisions(patient))


def author_of(request: Request) -> Author:
    person = signed_in_person(request)
    member = Membership.objects.filter(pk=person.membership_id).first() if person.membership_id else None
    return Author(member, person.name)


def observation_body(shown: Scored) -> dict[str, Any]:
    row, score = shown.observation, shown.score
    values = {name: shown.values[metric].value if metric in shown.values else None for name, metric in VALUES.items()}
    pressure = shown.values.get(Metric.BLOOD_PRESSURE)
    body = {
        **values,
        "diastolic": None if pressure is None else pressure.second_value,
        "on_oxygen": row.on_oxygen,
        "consciousness": row.consciousness or None,
        "note": row.note,
        "id": row.public_id,
        "observed_at": row.observed_at,
        "made_by": row.made_by,
        "scale": row.scale,
        "news2": {
            "total": score.total,
            "risk": score.risk,
            "parts": [{"parameter": parameter, "points": points} for parameter, points in score.parts.items()],
            "missing": list(score.missing),
            "caution": CAUTION,
        },
    }
    return dict(ObservationShape(body).data)


def _observed(sent: dict[str, Any]) -> Observed:
    consciousness = sent.get("consciousness")
    return Observed(
        values={metric: sent[name] for name, metric in VALUES.items() if sent.get(name) is not None},
        diastolic=sent.get("diastolic"),
        on_oxygen=sent.get("on_oxygen"),
        consciousness=Consciousness(consciousness) if consciousness else None,
        note=sent.get("note", ""),
    )


def _decisions(patient: Patient) -> dict[str, Any]:
    decisions = list(OxygenScale.objects.for_patient(patient)[:20])
    scale = decisions[0].scale if decisions else SpO2Scale.STANDARD.value
    return dict(OxygenScalesShape({"scale": scale, "decisions": decisions}).data)
