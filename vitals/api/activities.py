"""What somebody did, and the activity score of the last days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from readings.api.people import patient_asked_about
from readings.history.days import ONE_DAY, start_of_day
from tenancy.api.lookups import called_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField
from vitals.api.lists import PatientListView
from vitals.api.queries import DaysQuerySerializer, PatientQuerySerializer
from vitals.scores.models import Activity, ActivityKind, ActivityQuerySet
from vitals.scores.progress import activity_score
from vitals.scores.services import change_activity, create_activity, delete_noted

# The kind of look that the routes name.
ACTIVITY = "vitals.activity"
NOT_FOUND = "Activity not found"
KINDS = [kind.value for kind in ActivityKind]
TOP = 1_000_000
NUMBERS = (
    "duration_seconds",
    "distance_meters",
    "elevation_gain",
    "elevation_loss",
    "heart_rate_avg",
    "heart_rate_max",
    "calories_burned",
)


def _number(low: float = 0, high: float = TOP) -> serializers.FloatField:
    return serializers.FloatField(min_value=low, max_value=high, required=False, allow_null=True)


class ActivityNumbersSerializer(CamelCaseSerializer):
    duration_seconds = serializers.IntegerField(min_value=0, max_value=TOP, required=False, allow_null=True)
    distance_meters = _number()
    elevation_gain = _number()
    elevation_loss = _number()
    heart_rate_avg = _number(30, 250)
    heart_rate_max = _number(30, 250)
    calories_burned = _number()


class ActivityValuesSerializer(CamelCaseSerializer):
    activity_type = serializers.ChoiceField(KINDS, required=False)
    name = serializers.CharField(required=False, allow_blank=True, max_length=100)
    description = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    start_time = InstantField(required=False)
    end_time = InstantField(required=False, allow_null=True)
    metrics = ActivityNumbersSerializer(required=False)


class NewActivitySerializer(PatientQuerySerializer, ActivityValuesSerializer):
    activity_type = serializers.ChoiceField(KINDS)
    start_time = InstantField()


class ActivityShape(CamelCaseSerializer):
    id = serializers.UUIDField()
    patient = serializers.CharField()
    activity_type = serializers.ChoiceField(KINDS)
    name = serializers.CharField()
    description = serializers.CharField()
    start_time = InstantField()
    end_time = InstantField(allow_null=True)
    metrics = ActivityNumbersSerializer()
    created_at = InstantField()


class ActivityPagination(ItemsPagination):
    ordering = ("-started_at", "-id")


class ActivitiesView(PatientListView[Activity]):
    look = ACTIVITY
    query_class = DaysQuerySerializer
    serializer_class = ActivityShape
    pagination_class = ActivityPagination
    queryset = Activity.objects.none()  # for the schema, which knows no patient

    @extend_schema(parameters=[DaysQuerySerializer], responses=ActivityShape(many=True))
    def get(self, request: Request) -> Response:
        """Newest first; days are those of the patient's zone."""
        patient, asked = self.asked(request)
        found: ActivityQuerySet = Activity.objects.for_patient(patient).select_related("patient")
        if "start_date" in asked:
            found = found.filter(
                started_at__gte=start_of_day(asked["start_date"], patient.zone),
                started_at__lt=start_of_day(asked["end_date"] + ONE_DAY, patient.zone),
            )
        return self.page(found, lambda rows: [_body(row) for row in rows])

    @extend_schema(request=NewActivitySerializer, responses={201: ActivityShape})
    def post(self, request: Request) -> Response:
        form = NewActivitySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        patient = patient_asked_about(request, said.pop("patient", None))
        return Response(_body(create_activity(patient=patient, values=_values(said))), status=201)


class ActivityView(RoutedView, APIView):
    @extend_schema(responses=ActivityShape)
    def get(self, request: Request, activityId: str) -> Response:
        row = _one(activityId)
        record_look(kind=ACTIVITY, object_id=str(row.public_id), patient_id=row.patient_id)
        return Response(_body(row))

    @extend_schema(request=ActivityValuesSerializer, responses=ActivityShape)
    def put(self, request: Request, activityId: str) -> Response:
        """What is left out stays."""
        row, form = _one(activityId), ActivityValuesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_body(change_activity(activity=row, values=_values(dict(form.validated_data)))))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, activityId: str) -> Response:
        delete_noted(row=_one(activityId))
        return Response(status=204)


class ActivityScoreQuerySerializer(PatientQuerySerializer):
    days = serializers.IntegerField(min_value=1, max_value=365, default=7)


class ActivityScorePartsShape(CamelCaseSerializer):
    minutes = serializers.FloatField(help_text="a tenth of the minutes")
    calories = serializers.FloatField(help_text="a hundredth of the kcal")
    activities = serializers.FloatField(help_text="two for each")


class ActivityScoreShape(CamelCaseSerializer):
    score = serializers.FloatField(help_text="the sum of the parts, 100 at most")
    days = serializers.IntegerField()
    parts = ActivityScorePartsShape()


class ActivityScoreView(RoutedView, APIView):
    @extend_schema(parameters=[ActivityScoreQuerySerializer], responses=ActivityScoreShape)
    def get(self, request: Request) -> Response:
        """Of activities that began within the last ``days`` times 24 hours."""
        query = ActivityScoreQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        patient = patient_asked_about(request, asked.get("patient"))
        record_look(kind=ACTIVITY, object_id=patient.code, patient_id=patient.pk)
        since = timezone.now() - timedelta(days=asked["days"])
        found = activity_score(Activity.objects.for_patient(patient).filter(started_at__gte=since))
        body = {"score": round(found.score, 2), "days": asked["days"], "parts": found.parts}
        return Response(ActivityScoreShape(body).data)


def _one(public_id: str) -> Activity:
    row: Activity = called_or_404(Activity.objects.select_related("patient"), public_id, NOT_FOUND)
    return row


def _values(said: dict[str, Any]) -> dict[str, Any]:
    names = {"activity_type": "kind", "start_time": "started_at", "end_time": "ended_at"}
    numbers = said.pop("metrics", {})
    return {names.get(name, name): value for name, value in said.items()} | dict(numbers)


def _body(row: Activity) -> dict[str, Any]:
    body = {
        "id": row.public_id,
        "patient": row.patient.code,
        "activity_type": row.kind,
        "name": row.name,
        "description": row.description,
        "start_time": row.started_at,
        "end_time": row.ended_at,
        "metrics": {name: getattr(row, name) for name in NUMBERS},
        "created_at": row.created_at,
    }
    return dict(ActivityShape(body).data)
