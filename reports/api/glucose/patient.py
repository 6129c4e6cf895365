"""One patient's results."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.naming import clinic_unit
from audit.services import record_look
from patients.models import Patient
from readings.api.people import patient_of
from reports.api.glucose.pages import PAGES, page_renderers
from reports.api.glucose.queries import (
    ComparedPeriodsSerializer,
    DaysSerializer,
    PeriodSerializer,
)
from reports.api.glucose.shapes import AgpShape, ComparisonShape, DaysShape, PatientSummaryShape
from reports.glucose.comparing import comparison_of
from reports.glucose.results import agp_json, days_json, summary_of
from reports.glucose.standing import standing_of
from reports.glucose_report.api import ReportQuerySerializer
from tenancy.api.lookups import one_or_404
from tenancy.api.routing import RoutedView

# The kinds of look that the routes name.
SUMMARY, AGP, DAYS, COMPARISON = "analytics.summary", "analytics.agp", "analytics.days", "analytics.comparison"


class UserSummaryView(RoutedView, APIView):
    @extend_schema(parameters=[PeriodSerializer], responses=PatientSummaryShape)
    def get(self, request: Request, userId: str) -> Response:
        """Every metric of the period, whether data suffice for it, and how the patient is right now."""
        return _summary(request, patient_of(request, userId))


class PatientSummaryView(RoutedView, APIView):
    @extend_schema(parameters=[PeriodSerializer], responses=PatientSummaryShape)
    def get(self, request: Request, code: str) -> Response:
        """The same as the summary of the user of this code."""
        patient: Patient = one_or_404(Patient.objects.with_code(code))
        return _summary(request, patient)


class AgpView(RoutedView, APIView):
    """The ambulatory glucose profile: hours of the day, and the days one by one."""

    renderer_classes = [JSONRenderer, *page_renderers()]

    @extend_schema(
        parameters=[ReportQuerySerializer],
        responses={
            (200, "application/json"): AgpShape,
            **{(200, media_type): OpenApiTypes.BINARY for media_type in PAGES},
        },
    )
    def get(self, request: Request, userId: str) -> HttpResponse:
        """Percentiles of each hour, the days, and all that the summary says of the period."""
        patient = patient_of(request, userId)
        query = asked(request, ReportQuerySerializer)
        window = query.window(patient)
        record_look(kind=AGP, object_id=patient.code, patient_id=patient.pk)
        if page := PAGES.get(request.accepted_renderer.media_type):
            return page(request, patient, window)
        return _json(agp_json(patient, window, query.validated_data.get("unit") or clinic_unit()))

    def handle_exception(self, exc: Exception) -> Response:
        # A refusal is words, whatever form was asked for.
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().handle_exception(exc)


class DaysView(RoutedView, APIView):
    @extend_schema(parameters=[DaysSerializer], responses=DaysShape)
    def get(self, request: Request, userId: str) -> HttpResponse:
        """Each day in figures, and all of them together; from summaries of days, which know late readings too."""
        patient = patient_of(request, userId)
        window = asked(request, DaysSerializer).window(patient)
        record_look(kind=DAYS, object_id=patient.code, patient_id=patient.pk)
        return _json(days_json(patient, window, clinic_unit()))


class ComparisonView(RoutedView, APIView):
    @extend_schema(parameters=[ComparedPeriodsSerializer], responses=ComparisonShape)
    def get(self, request: Request, userId: str) -> Response:
        """A period against the one before it, or against another."""
        patient = patient_of(request, userId)
        query = asked(request, ComparedPeriodsSerializer)
        window = query.window(patient)
        against = query.against(patient, window)
        record_look(kind=COMPARISON, object_id=patient.code, patient_id=patient.pk)
        return Response(comparison_of(patient, window, against, clinic_unit()))


def asked(request: Request, query_type: Any) -> Any:
    query = query_type(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    return query


def _summary(request: Request, patient: Patient) -> Response:
    window, unit = asked(request, PeriodSerializer).window(patient), clinic_unit()
    record_look(kind=SUMMARY, object_id=patient.code, patient_id=patient.pk)
    return Response(summary_of(patient, window, unit) | standing_of(patient, window, unit, timezone.now()))


def _json(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type="application/json")
