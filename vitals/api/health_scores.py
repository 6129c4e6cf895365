"""Scores that people type in, and the score of a day that follows from what was measured."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.health_score import DEFINITIONS, VERSION, DailyScore, ScoredPart
from audit.services import record_look
from readings.api.people import patient_asked_about
from readings.history.days import day_of
from tenancy.api.lookups import called_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField
from vitals.api.lists import PatientListView
from vitals.api.queries import EARLIEST, LATEST, OUT_OF_REACH, DaysQuerySerializer, PatientQuerySerializer
from vitals.scores.daily import daily_scores
from vitals.scores.models import HealthScore, HealthScoreQuerySet
from vitals.scores.services import change_health_score, create_health_score, delete_noted

# The kind of look that the routes name.
HEALTH_SCORE = "vitals.healthscore"
NOT_FOUND = "Health score not found"
MOST_DAYS = 92
TOO_MANY = f"Ask for {MOST_DAYS} days at most."
ONE_OR_BOTH = "Provide date, or startDate and endDate."
CAUTION = "A summary for conversation: it diagnoses nothing and has not been validated in a study."


class ScoreValuesSerializer(CamelCaseSerializer):
    overall_score = serializers.FloatField(min_value=0, max_value=100, required=False)
    category_scores = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=100), required=False, help_text="by name of the category"
    )
    metrics_considered = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=43, help_text="kinds of measurements"
    )
    notes = serializers.CharField(required=False, allow_blank=True, max_length=500)
    date = serializers.DateField(required=False)


class NewScoreSerializer(PatientQuerySerializer, ScoreValuesSerializer):
    overall_score = serializers.FloatField(min_value=0, max_value=100)
    date = serializers.DateField()


class HealthScoreShape(CamelCaseSerializer):
    id = serializers.UUIDField()
    patient = serializers.CharField()
    overall_score = serializers.FloatField()
    category_scores = serializers.DictField(child=serializers.FloatField())
    metrics_considered = serializers.ListField(child=serializers.CharField())
    notes = serializers.CharField()
    date = serializers.DateField()
    calculated_at = InstantField()


class HealthScorePagination(ItemsPagination):
    ordering = ("-day", "-id")


class HealthScoresView(PatientListView[HealthScore]):
    look = HEALTH_SCORE
    query_class = DaysQuerySerializer
    serializer_class = HealthScoreShape
    pagination_class = HealthScorePagination
    queryset = HealthScore.objects.none()  # for the schema, which knows no patient

    @extend_schema(parameters=[DaysQuerySerializer], responses=HealthScoreShape(many=True))
    def get(self, request: Request) -> Response:
        """Newest day first. These were typed in; what the platform reckons stands at ``computed``."""
        patient, asked = self.asked(request)
        found: HealthScoreQuerySet = HealthScore.objects.for_patient(patient).select_related("patient")
        if "start_date" in asked:
            found = found.from_day_to(asked["start_date"], asked["end_date"])
        return self.page(found, lambda rows: [_body(row) for row in rows])

    @extend_schema(request=NewScoreSerializer, responses={201: HealthScoreShape})
    def post(self, request: Request) -> Response:
        """Several of one day are allowed."""
        form = NewScoreSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        patient = patient_asked_about(request, said.pop("patient", None))
        return Response(_body(create_health_score(patient=patient, values=_values(said))), status=201)


class HealthScoreView(RoutedView, APIView):
    @extend_schema(responses=HealthScoreShape)
    def get(self, request: Request, scoreId: str) -> Response:
        row = _one(scoreId)
        record_look(kind=HEALTH_SCORE, object_id=str(row.public_id), patient_id=row.patient_id)
        return Response(_body(row))

    @extend_schema(request=ScoreValuesSerializer, responses=HealthScoreShape)
    def put(self, request: Request, scoreId: str) -> Response:
        """What is left out stays."""
        row, form = _one(scoreId), ScoreValuesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_body(change_health_score(score=row, values=_values(form.validated_data))))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, scoreId: str) -> Response:
        delete_noted(row=_one(scoreId))
        return Response(status=204)


class ComputedQuerySerializer(DaysQuerySerializer):
    date = serializers.DateField(required=False, help_text="one day; today where no days are named")


class ComputedPartShape(CamelCaseSerializer):
    part = serializers.CharField()
    points = serializers.FloatField(help_text="0 to 100")
    weight = serializers.IntegerField()
    values = serializers.DictField(child=serializers.FloatField(), help_text="what was measured, by name")
    joined = serializers.CharField(help_text="how points of several values become the part's: lowest, highest or mean")
    curves = serializers.DictField(help_text="corners [value, points], by name; straight lines lie between them")
    # REST framework's own attribute of this name is where a field's value comes from.
    source = serializers.CharField(help_text="where the bounds come from")  # type: ignore[assignment]


class ComputedScoreShape(CamelCaseSerializer):
    date = serializers.DateField()
    score = serializers.FloatField(allow_null=True, help_text="0 to 100; null where fewer than three parts are known")
    parts = ComputedPartShape(many=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text="parts of which nothing is known")


class ComputedScoresShape(CamelCaseSerializer):
    version = serializers.CharField(help_text="of the formula")
    timezone = serializers.CharField(help_text="in which days begin and end")
    caution = serializers.CharField()
    items = ComputedScoreShape(many=True, help_text="ascending; days of which nothing is known are left out")


class ComputedScoreView(RoutedView, APIView):
    @extend_schema(parameters=[ComputedQuerySerializer], responses=ComputedScoresShape)
    def get(self, request: Request) -> Response:
        """The score of each day with its parts, their values, weights and curves. It is kept nowhere."""
        query = ComputedQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        patient = patient_asked_about(request, asked.get("patient"))
        first, last = _days(asked, day_of(timezone.now(), patient.zone))
        record_look(kind=HEALTH_SCORE, object_id=patient.code, patient_id=patient.pk)
        body = {
            "version": VERSION,
            "timezone": patient.timezone,
            "caution": CAUTION,
            "items": [_computed(day, score) for day, score in daily_scores(patient, first, last).items()],
        }
        return Response(ComputedScoresShape(body).data)


def _days(asked: dict[str, Any], today: date) -> tuple[date, date]:
    if "start_date" not in asked:
        day = asked.get("date", today)
        if not EARLIEST <= day <= LATEST:
            raise ParseError(OUT_OF_REACH)
        return day, day
    if "date" in asked:
        raise ParseError(ONE_OR_BOTH)
    if (asked["end_date"] - asked["start_date"]).days >= MOST_DAYS:
        raise ParseError(TOO_MANY)
    return asked["start_date"], asked["end_date"]


def _computed(day: date, score: DailyScore) -> dict[str, Any]:
    return {
        "date": day,
        "score": None if score.total is None else round(score.total, 1),
        "parts": [_part(each) for each in score.parts],
        "missing": list(score.missing),
    }


def _part(scored: ScoredPart) -> dict[str, Any]:
    definition = DEFINITIONS[scored.part]
    return {
        "part": scored.part,
        "points": round(scored.points, 1),
        "weight": definition.weight,
        "values": {name.value: round(value, 2) for name, value in scored.values.items()},
        "joined": definition.joined.value,
        "curves": {name.value: [list(corner) for corner in curve] for name, curve in definition.curves.items()},
        "source": definition.source,
    }


def _one(public_id: str) -> HealthScore:
    row: HealthScore = called_or_404(HealthScore.objects.select_related("patient"), public_id, NOT_FOUND)
    return row


def _values(said: dict[str, Any]) -> dict[str, Any]:
    return {"day" if name == "date" else name: value for name, value in said.items()}


def _body(row: HealthScore) -> dict[str, Any]:
    names = ("overall_score", "category_scores", "metrics_considered", "notes", "calculated_at")
    body = {name: getattr(row, name) for name in names}
    body |= {"id": row.public_id, "patient": row.patient.code, "date": row.day}
    return dict(HealthScoreShape(body).data)
