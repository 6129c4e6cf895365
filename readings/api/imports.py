"""Files of readings that people send for a patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership
from accounts.principals import signed_in_person
from audit.services import record_look
from patients.models import Patient
from readings.importing.columns import MG_DL, MMOL_L
from readings.importing.dates import DateOrder
from readings.importing.jobs import LARGEST_FILE, Unanswered, begin_import
from readings.importing.layout import Format
from readings.importing.naming import SAME, all_questions
from readings.importing.preview import Preview, preview
from readings.importing.reading import Answers, Question, open_file
from readings.importing.table import FileRefused
from readings.models import ImportJob, RangeFlag
from readings.tasks import run_import
from tenancy.api.errors import Unprocessable
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.parsers import BodyTooLarge
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from tenancy.models import validate_timezone
from tenancy.tasks import send_task_after_commit

# The kind of look that the ledger knows.
IMPORTS = "readings.importjob"


class NewImportSerializer(CamelCaseSerializer):
    file = serializers.FileField(help_text="of Dexcom Clarity, LibreView, or any CSV with a header; up to 20 MB")
    format = serializers.ChoiceField([one.value for one in Format], required=False, help_text="left out: recognised")
    unit = serializers.ChoiceField([MG_DL, MMOL_L], required=False, help_text="where the header does not name it")
    timezone = serializers.CharField(
        required=False, max_length=64, validators=[validate_timezone], help_text="left out: the patient's"
    )
    date_order = serializers.ChoiceField(
        list(DateOrder), required=False, help_text="of 03/04/2026, where the file does not show it"
    )
    person = serializers.ChoiceField([SAME], required=False, help_text="where the file names somebody else")
    preview = serializers.BooleanField(required=False, default=False, help_text="tell what would happen, keep nothing")


class RefusalSerializer(CamelCaseSerializer):
    line = serializers.IntegerField()
    reason = serializers.CharField()


class ImportJobSerializer(CamelCaseSerializer):
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(ImportJob.State.choices)
    format = serializers.CharField()
    unit = serializers.CharField()
    timezone = serializers.CharField()
    date_order = serializers.CharField(help_text="empty where the file's dates can be read in one way only")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField(source="member_name")
    finished_at = serializers.DateTimeField(allow_null=True)
    rows_total = serializers.IntegerField()
    rows_done = serializers.IntegerField()
    created = serializers.IntegerField(help_text="readings that are new")
    duplicates = serializers.IntegerField(help_text="readings that were there already")
    rows_refused = serializers.IntegerField(
        source="refused", help_text="rows that were left out because something is wrong with them"
    )
    ignored = serializers.DictField(child=serializers.IntegerField(), help_text="rows that are no sensor readings")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField()


class ImportDetailSerializer(ImportJobSerializer):
    refusals = serializers.SerializerMethodField(help_text="the first 1,000")

    def get_refusals(self, job: ImportJob) -> list[dict[str, Any]]:
        return [{"line": line, "reason": reason} for line, reason in job.refusals]


class ShownRowSerializer(CamelCaseSerializer):
    line = serializers.IntegerField()
    timestamp = serializers.DateTimeField(source="measured_at")
    glucose_value = serializers.IntegerField(source="glucose", help_text="mg/dL")
    range_flag = serializers.SerializerMethodField()

    def get_range_flag(self, row: Any) -> str:
        return str(RangeFlag(row.range_flag).label)


class QuestionChoiceSerializer(CamelCaseSerializer):
    value = serializers.CharField()
    text = serializers.CharField()


class QuestionSerializer(CamelCaseSerializer):
    name = serializers.CharField(help_text="the field that takes the answer")
    text = serializers.CharField()
    choices = QuestionChoiceSerializer(many=True)


class ImportPreviewSerializer(CamelCaseSerializer):
    format = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    timezone = serializers.CharField()
    date_order = serializers.CharField(allow_null=True)
    person = serializers.CharField(help_text="whom the file names; empty where it names nobody")
    questions = QuestionSerializer(many=True)
    rows = serializers.IntegerField()
    new = serializers.IntegerField()
    known = serializers.IntegerField(help_text="imported before")
    elsewhere = serializers.IntegerField(help_text="readings of the same period from other sources")
    rows_refused = serializers.IntegerField(source="refused")
    refusals = RefusalSerializer(many=True)
    ignored = serializers.DictField(child=serializers.IntegerField())
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    first_rows = ShownRowSerializer(many=True)
    last_rows = ShownRowSerializer(many=True)


class ImportPagination(ItemsPagination):
    ordering = ("-created_at", "public_id")


class PatientImportsView(RoutedView, ListModelMixin, GenericAPIView[ImportJob]):
    parser_classes = [MultiPartParser]
    serializer_class = ImportJobSerializer
    pagination_class = ImportPagination
    queryset = ImportJob.objects.none()  # for the schema

    def get(self, request: Request, code: str) -> Response:
        """Newest first."""
        patient = _patient(code)
        jobs = ImportJob.objects.of_patient(patient).defer("sealed_file", "sealed_refusals")
        page = self.paginate_queryset(jobs) or []
        record_look(kind=IMPORTS, object_id=patient.code, patient_id=patient.pk)
        return self.get_paginated_response(ImportJobSerializer(page, many=True).data)

    @extend_schema(
        request={"multipart/form-data": NewImportSerializer},
        responses={
            200: OpenApiResponse(ImportPreviewSerializer, "a preview; nothing was kept"),
            202: OpenApiResponse(ImportDetailSerializer, "the job; look at it again to see how far it is"),
        },
    )
    def post(self, request: Request, code: str) -> Response:
        """Import a file. Repeating it changes nothing. What the file leaves open is asked: 422 with
        the choices in ``ctx``; send the file again with the answer."""
        patient = _patient(code)
        form = NewImportSerializer(data=_sent(request))
        form.is_valid(raise_exception=True)
        said = form.validated_data
        content = said["file"].read()
        if len(content) > LARGEST_FILE:
            raise BodyTooLarge
        answers = Answers(
            format=Format(said["format"]) if "format" in said else None,
            unit=said.get("unit"),
            date_order=DateOrder(said["date_order"]) if "date_order" in said else None,
        )
        with _refusals_as_answers():
            if said["preview"]:
                return Response(_preview_body(patient, content, answers, said.get("timezone", "")))
            person = signed_in_person(request)
            job = begin_import(
                patient=patient,
                content=content,
                answers=answers,
                zone=said.get("timezone", ""),
                is_same_person=said.get("person") == SAME,
                member=Membership.objects.filter(pk=person.membership_id).first(),
                member_name=person.name,
            )
        send_task_after_commit(run_import, job_id=job.pk)
        return Response(ImportDetailSerializer(job).data, status=202)


class PatientImportView(RoutedView, APIView):
    @extend_schema(responses=ImportDetailSerializer)
    def get(self, request: Request, code: str, importId: str) -> Response:
        patient = _patient(code)
        jobs = ImportJob.objects.of_patient(patient).defer("sealed_file")
        job = one_or_404(jobs.filter(public_id=uuid_or_404(importId)))
        record_look(kind=IMPORTS, object_id=str(job.public_id), patient_id=patient.pk)
        return Response(ImportDetailSerializer(job).data)


def _patient(code: str) -> Patient:
    patient: Patient = one_or_404(Patient.objects.with_code(code))
    return patient


def _sent(request: Request) -> Any:
    """A body that is larger than what is kept in memory arrives without its file."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FILE + 1024 * 1024:
        raise BodyTooLarge
    sent: Any = request.data
    return sent.dict()


def _preview_body(patient: Patient, content: bytes, answers: Answers, zone: str) -> dict[str, Any]:
    file = open_file(content, answers)
    told: Preview = preview(file=file, patient=patient, zone=ZoneInfo(zone) if zone else None)
    record_look(kind=IMPORTS, object_id=patient.code, patient_id=patient.pk)
    body = {
        "format": file.layout.format,
        "unit": file.unit,
        "timezone": told.zone.key,
        "date_order": file.date_order,
        "person": file.person,
        "questions": all_questions(file, patient),
        "refusals": [{"line": line, "reason": reason} for line, reason in told.refusals],
        **{name: getattr(told, name) for name in ("rows", "new", "known", "elsewhere", "refused", "ignored")},
        **{name: getattr(told, name) for name in ("first_at", "last_at", "first_rows", "last_rows")},
    }
    return dict(ImportPreviewSerializer(body).data)


@contextmanager
def _refusals_as_answers() -> Iterator[None]:
    try:
        yield
    except FileRefused as error:
        raise Unprocessable([_item("file", "file", str(error))]) from error
    except Unanswered as error:
        raise Unprocessable([_asked(question) for question in error.questions]) from error


def _asked(question: Question) -> dict[str, Any]:
    choices = [{"value": choice.value, "text": choice.text} for choice in question.choices]
    return {**_item("question", question.name, question.text), "ctx": {"choices": choices}}


def _item(kind: str, name: str, sentence: str) -> dict[str, Any]:
    return {"type": kind, "loc": ["body", name], "msg": sentence, "input": None}
