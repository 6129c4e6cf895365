"""Whom to call today, and what was done about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.principals import signed_in_person
from alerts.api.episodes import acting_member
from alerts.api.naming import GivenMemberField, clinic_unit
from alerts.api.serializers import PersonSerializer
from audit.services import record_look
from patients.models import Patient
from reports.models.worklist import LONGEST_NOTE
from reports.worklist import services
from reports.worklist.choices import SORTS, ZONES, Choices, sort_keys
from reports.worklist.figures import Integers
from reports.worklist.points import Ranking, Reason, Standing
from reports.worklist.reading import WORKLIST, counts, current_ranking
from reports.worklist.rows import Row, rows_of
from reports.worklist.words import Clock
from tenancy.api.cursors import cursor_at, place_at
from tenancy.api.lookups import one_or_404
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField

MOST_ACTS = 100
STANDINGS = [standing.name.lower() for standing in Standing]
REASONS = [reason.value for reason in Reason]


class WorklistReasonSerializer(CamelCaseSerializer):
    code = serializers.ChoiceField(REASONS, source="reason.value")
    words = serializers.CharField(help_text="in the clinic's unit")
    points = serializers.FloatField()
    resting = serializers.BooleanField(source="rests", help_text="known when the patient was seen: counts nothing yet")


class WorklistFiguresSerializer(CamelCaseSerializer):
    """Percentages of readings of the last 14 days; null without readings. Pregnancy has its own ranges and no index."""

    is_sufficient = serializers.BooleanField(help_text="data of at least 70 % of the time; below it nothing is good")
    active_percent = serializers.SerializerMethodField()
    in_range = serializers.FloatField(allow_null=True)
    very_low = serializers.FloatField(allow_null=True, help_text="below 54 mg/dL")
    low = serializers.FloatField(allow_null=True, help_text="below 70 mg/dL, in pregnancy 63; very low included")
    gri = serializers.FloatField(allow_null=True, help_text="glycemia risk index, 0 to 100")
    zone = serializers.CharField(help_text="A to E; empty without an index")
    change = serializers.FloatField(
        allow_null=True, help_text="of the index against the 14 days before; null unless both periods suffice"
    )
    is_pregnancy = serializers.BooleanField()
    data_until = InstantField(allow_null=True)

    def get_active_percent(self, figures: Any) -> float:
        """To a tenth, as reports say it: it moves with every minute of today."""
        return round(float(figures.active), 1)


class WorklistItemSerializer(CamelCaseSerializer):
    patient = serializers.CharField(source="patient.code")
    name = serializers.CharField(source="patient")
    need = serializers.FloatField(help_text="the points of all reasons that do not rest")
    standing = serializers.SerializerMethodField()
    reasons = WorklistReasonSerializer(many=True, help_text="the weightiest first")
    figures = WorklistFiguresSerializer()
    assigned_to = PersonSerializer(allow_null=True)
    next_contact_on = serializers.DateField(allow_null=True)
    seen_at = InstantField(allow_null=True)
    seen_by = PersonSerializer(allow_null=True)
    rests_until = serializers.DateField(allow_null=True, help_text="null where nothing rests any more")

    def get_standing(self, row: Row) -> str:
        return row.standing.name.lower()


class WorklistCountsSerializer(CamelCaseSerializer):
    call = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="too little data, and no reason to call")
    resting = serializers.IntegerField()
    fine = serializers.IntegerField()


class WorklistSerializer(CamelCaseSerializer):
    items = WorklistItemSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="give it back as cursor")
    total = serializers.IntegerField(help_text="that match")
    counts = WorklistCountsSerializer(help_text="of all patients whom the caller may see")
    as_of = InstantField()
    period_days = serializers.IntegerField(default=14)


class WorklistQuerySerializer(CamelCaseSerializer):
    show = serializers.ChoiceField(
        ["call", "all", "unknown", "resting", "fine"],
        default="call",
        help_text="call: with a reason that does not rest; unknown: too little data, whatever else",
    )
    assigned_to = serializers.CharField(required=False, max_length=36, help_text="me, nobody, or the id of a person")
    care_team = serializers.CharField(required=False, max_length=36, help_text="me, or the id of a person")
    reason = serializers.ChoiceField(REASONS, required=False)
    zone = serializers.ChoiceField(ZONES, required=False, help_text="of the glycemia risk index")
    search = serializers.CharField(required=False, max_length=100, help_text="name, code, or exactly an identifier")
    sort = serializers.ChoiceField(list(SORTS), default="need")
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=50)
    cursor = serializers.CharField(required=False, max_length=400)

    def validate_assigned_to(self, text: str) -> str:
        return _person(text, {"me", "nobody"})

    def validate_care_team(self, text: str) -> str:
        return _person(text, {"me"})


class SeenActSerializer(CamelCaseSerializer):
    id = serializers.UUIDField(source="public_id")
    at = InstantField()
    by = serializers.CharField(source="member_name")
    note = serializers.CharField(source="readable_note", allow_null=True, help_text="null: its keys were destroyed")
    next_contact_on = serializers.DateField(allow_null=True)
    rests_until = serializers.DateField()


class HistorySerializer(CamelCaseSerializer):
    items = SeenActSerializer(many=True)


class SeenSerializer(CamelCaseSerializer):
    note = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_NOTE)
    next_contact_on = serializers.DateField(
        default=None, allow_null=True, help_text="after today, at most a year ahead"
    )


class AssignSerializer(CamelCaseSerializer):
    member = GivenMemberField(source="to", allow_null=True, help_text="null: nobody in particular")


class NextContactSerializer(CamelCaseSerializer):
    next_contact_on = serializers.DateField(allow_null=True, source="on", help_text="today or later; null: none")


class WorklistView(RoutedView, APIView):
    @extend_schema(operation_id="worklist_list", parameters=[WorklistQuerySerializer], responses=WorklistSerializer)
    def get(self, request: Request) -> Response:
        """All patients whom the caller may see, by need. Computed from day summaries at the time of the call."""
        asked = WorklistQuerySerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        query, now = asked.validated_data, timezone.now()
        choices = _choices(query)
        ranking = current_ranking(now)
        places = choices.places(ranking, signed_in_person(request).membership_id)
        page, cursor = _page(ranking, places, choices.sort, query)
        rows = rows_of(ranking, page.tolist(), Clock(now, clinic_unit()))
        record_look(kind=WORKLIST, patient_ids=[row.patient.pk for row in rows])
        answer = {
            "items": rows,
            "next": cursor,
            "total": len(places),
            "counts": counts(ranking),
            "as_of": now,
            "period_days": 14,
        }
        return Response(WorklistSerializer(answer).data)


class WorklistPatientView(RoutedView, APIView):
    @extend_schema(responses=WorklistItemSerializer)
    def get(self, request: Request, code: str) -> Response:
        """What the list says of one patient."""
        patient = named_patient(code)
        record_look(kind=WORKLIST, object_id=patient.code, patient_id=patient.pk)
        return _answer(patient)


class WorklistHistoryView(RoutedView, APIView):
    @extend_schema(responses=HistorySerializer)
    def get(self, request: Request, code: str) -> Response:
        """When the patient was seen and what was noted, the newest first, 100 at most."""
        acts = services.read_seen_acts(patient=named_patient(code), newest=MOST_ACTS)
        return Response(HistorySerializer({"items": acts}).data)


class WorklistActView(RoutedView, APIView):
    """One act about one patient; a subclass says which."""

    form: type[CamelCaseSerializer]
    act: Callable[..., Any]

    def post(self, request: Request, code: str) -> Response:
        patient, form = named_patient(code), self.form(data=request.data)
        form.is_valid(raise_exception=True)
        type(self).act(patient=patient, member=acting_member(request), **form.validated_data)
        return _answer(patient)


class SeenView(WorklistActView):
    form, act = SeenSerializer, services.mark_seen

    @extend_schema(request=SeenSerializer, responses=WorklistItemSerializer)
    def post(self, request: Request, code: str) -> Response:
        """The patient's reasons rest until the next contact, or a week. Alarms do not: acknowledge them."""
        return super().post(request, code)


class AssignView(WorklistActView):
    form, act = AssignSerializer, services.assign

    @extend_schema(request=AssignSerializer, responses=WorklistItemSerializer)
    def post(self, request: Request, code: str) -> Response:
        """Say who looks after the patient: somebody who may see and treat them."""
        return super().post(request, code)


class NextContactView(WorklistActView):
    form, act = NextContactSerializer, services.plan_contact

    @extend_schema(request=NextContactSerializer, responses=WorklistItemSerializer)
    def post(self, request: Request, code: str) -> Response:
        """From that day on the list asks for a call, whatever the figures say."""
        return super().post(request, code)


class BringBackView(WorklistActView):
    form, act = CamelCaseSerializer, services.bring_back

    @extend_schema(request=None, responses=WorklistItemSerializer)
    def post(self, request: Request, code: str) -> Response:
        """What rests counts again: the patient was marked as seen by mistake, or something is new."""
        return super().post(request, code)


def named_patient(code: str) -> Patient:
    patient: Patient = one_or_404(Patient.objects.current().with_code(code))
    return patient


def _choices(query: dict[str, Any]) -> Choices:
    return Choices(
        show="" if query["show"] == "call" else query["show"],
        assigned=query.get("assigned_to", ""),
        team=query.get("care_team", ""),
        reason=query.get("reason", ""),
        zone=query.get("zone", ""),
        search=query.get("search", "").replace("\x00", ""),
        sort=query["sort"],
    )


def _person(text: str, words: set[str]) -> str:
    return text if text in words else str(serializers.UUIDField().run_validation(text))


def _page(ranking: Ranking, places: Integers, sort: str, query: dict[str, Any]) -> tuple[Integers, str | None]:
    """After the cursor's patient by value and name, so that who moves up meanwhile shifts nobody else."""
    keys = sort_keys(ranking, sort)
    if text := query.get("cursor"):
        value, code = _read_cursor(text)
        patient = Patient.objects.with_code(code).values_list("pk", flat=True).first()
        found = np.flatnonzero(ranking.facts.patient_ids == (patient or 0))
        name = int(found[0]) if len(found) else len(keys)
        places = places[(keys[places] > value) | ((keys[places] == value) & (places > name))]
    page = places[: query["limit"]]
    if len(page) == len(places):
        return page, None
    last = int(page[-1])
    code = Patient.objects.values_list("code", flat=True).get(pk=int(ranking.facts.patient_ids[last]))
    value = float(keys[last])
    return page, cursor_at(None if math.isinf(value) else value, code)


def _read_cursor(text: str) -> tuple[float, str]:
    try:
        value, code = place_at(text, 2)
        return math.inf if value is None else float(value), str(code)
    except (ValueError, TypeError):
        raise NotFound("Invalid cursor") from None


def _answer(patient: Patient) -> Response:
    now = timezone.now()
    (row,) = rows_of(current_ranking(now, only=patient.pk), [0], Clock(now, clinic_unit()))
    return Response(WorklistItemSerializer(row).data)
