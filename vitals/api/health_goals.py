"""Goals of a patient, and how far each is reached."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from patients.models import Patient
from readings.api.people import patient_asked_about
from tenancy.api.lookups import called_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from vitals.api.lists import PatientListView
from vitals.api.queries import PatientQuerySerializer
from vitals.catalogue import BY_NAME
from vitals.scores.models import Direction, Goal
from vitals.scores.progress import Progress, progress_of
from vitals.scores.services import change_goal, create_goal, delete_noted
from vitals.units import shown_in

# The kind of look that the routes name.
GOAL = "vitals.goal"
NOT_FOUND = "Health goal not found"
NAMES = list(BY_NAME)
DIRECTIONS = [direction.value for direction in Direction]


class GoalValuesSerializer(CamelCaseSerializer):
    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    direction = serializers.ChoiceField(DIRECTIONS, required=False)
    target_value = serializers.FloatField(required=False)
    unit = serializers.CharField(max_length=20, required=False, help_text="of the target; with targetValue")
    start_date = serializers.DateField(required=False)
    target_date = serializers.DateField(required=False, allow_null=True)


class NewGoalSerializer(PatientQuerySerializer, GoalValuesSerializer):
    name = serializers.CharField(max_length=100)
    metric_type = serializers.ChoiceField(NAMES)
    target_value = serializers.FloatField()
    start_date = serializers.DateField()


class GoalShape(CamelCaseSerializer):
    id = serializers.UUIDField()
    patient = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    metric_type = serializers.ChoiceField(NAMES)
    direction = serializers.ChoiceField(DIRECTIONS)
    target_value = serializers.FloatField()
    current_value = serializers.FloatField(
        allow_null=True, help_text="today's total of what adds up over a day, else the newest value"
    )
    unit = serializers.CharField(help_text="of both values")
    start_date = serializers.DateField()
    target_date = serializers.DateField(allow_null=True)
    progress_percentage = serializers.FloatField(help_text="100 at most")
    is_achieved = serializers.BooleanField()


class GoalPagination(ItemsPagination):
    ordering = ("-start_date", "-id")


class GoalsView(PatientListView[Goal]):
    look = GOAL
    query_class = PatientQuerySerializer
    serializer_class = GoalShape
    pagination_class = GoalPagination
    queryset = Goal.objects.none()  # for the schema, which knows no patient

    @extend_schema(parameters=[PatientQuerySerializer], responses=GoalShape(many=True))
    def get(self, request: Request) -> Response:
        """The newest start first, each with its progress as of now."""
        patient, _ = self.asked(request)
        return self.page(Goal.objects.for_patient(patient).select_related("patient"), partial(_bodies, patient))

    @extend_schema(request=NewGoalSerializer, responses={201: GoalShape})
    def post(self, request: Request) -> Response:
        """Of steps, sleep, water or any other kind but blood pressure."""
        form = NewGoalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        patient = patient_asked_about(request, said.pop("patient", None))
        kind = BY_NAME[said.pop("metric_type")]
        said = {"unit": kind.unit, "metric": kind.metric, **said}
        return Response(_body(create_goal(patient=patient, values=said)), status=201)


class GoalView(RoutedView, APIView):
    @extend_schema(responses=GoalShape)
    def get(self, request: Request, goalId: str) -> Response:
        row = _one(goalId)
        record_look(kind=GOAL, object_id=str(row.public_id), patient_id=row.patient_id)
        return Response(_body(row))

    @extend_schema(request=GoalValuesSerializer, responses=GoalShape)
    def put(self, request: Request, goalId: str) -> Response:
        """What is left out stays; the kind stays too."""
        row, form = _one(goalId), GoalValuesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        if "unit" in said and "target_value" not in said:
            raise serializers.ValidationError({"targetValue": ["Send it with the unit."]})
        return Response(_body(change_goal(goal=row, values=said)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, goalId: str) -> Response:
        delete_noted(row=_one(goalId))
        return Response(status=204)


def _one(public_id: str) -> Goal:
    row: Goal = called_or_404(Goal.objects.select_related("patient"), public_id, NOT_FOUND)
    return row


def _body(row: Goal) -> dict[str, Any]:
    (body,) = _bodies(row.patient, [row])
    return body


def _bodies(patient: Patient, rows: Sequence[Goal]) -> list[dict[str, Any]]:
    found = progress_of(rows, patient, timezone.now())
    return [_told(row, progress) for row, progress in zip(rows, found, strict=True)]


def _told(row: Goal, progress: Progress) -> dict[str, Any]:
    current = progress.current
    body = {
        "id": row.public_id,
        "patient": row.patient.code,
        "name": row.name,
        "description": row.description,
        "metric_type": row.type.name,
        "direction": row.direction,
        "target_value": round(shown_in(row.type, row.target_value, row.unit), 4),
        "current_value": None if current is None else round(shown_in(row.type, current, row.unit), 4),
        "unit": row.unit,
        "start_date": row.start_date,
        "target_date": row.target_date,
        "progress_percentage": round(progress.percentage, 1),
        "is_achieved": progress.is_achieved,
    }
    return dict(GoalShape(body).data)
