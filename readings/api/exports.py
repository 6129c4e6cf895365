"""A patient's readings as a file, streamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import structlog
from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.principals import PersonPrincipal, signed_in_person
from audit.occasion import Occasion, current_occasion, occasion
from patients.models import Patient
from readings.exports import (
    Export,
    ExportEnded,
    authority_of,
    begin_export,
    csv_parts,
    export_pages,
    json_parts,
    note_ended_export,
    write_workbook,
)
from readings.exports.rows import ExportRow
from tenancy.api.downloads import chunks_of, download
from tenancy.api.lookups import one_or_404
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField

# The right that each page asks for again.
EXPORT = "readings.export_glucosereading"

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STREAMED: dict[str, tuple[str, Callable[[Iterable[list[ExportRow]]], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_parts),
    "json": ("application/json", json_parts),
}
ENDED = "Your right to export these readings has ended. The file is not complete."

log = structlog.get_logger(__name__)


class ExportQuerySerializer(CamelCaseSerializer):
    format = serializers.ChoiceField(["csv", "json", "xlsx"], default="csv")
    since = InstantField(required=False, help_text="from this time on; an offset is required")
    until = InstantField(required=False, help_text="before this time; an offset is required")
    copies = serializers.ChoiceField(
        ["true", "false"], default="false", help_text="also copies of one measurement that a second receiver sent"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "since" in attrs and "until" in attrs and attrs["since"] >= attrs["until"]:
            raise serializers.ValidationError("until must be later than since", code="window")
        return attrs


# Not atomic as a whole: that somebody exports is committed before the first byte, and each page is read by itself.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class PatientExportView(RoutedView, APIView):
    @extend_schema(
        operation_id="patients_export",
        parameters=[ExportQuerySerializer],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, XLSX): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, code: str) -> StreamingHttpResponse:
        """The patient's readings as a file, oldest first. Without its end, which says so, it is not complete."""
        query = ExportQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        export = _begin(code, query.validated_data)
        return export_answer(export, query.validated_data["format"], signed_in_person(request))


def export_answer(export: Export, ending: str, principal: PersonPrincipal) -> StreamingHttpResponse:
    """The file that was begun, for as long as ``principal`` may have it. ``ending``: csv, json or xlsx."""
    pages = export_pages(export, authority_of(principal, EXPORT))
    if ending == "xlsx":
        return _workbook(export, pages)
    content_type, parts_of = STREAMED[ending]
    parts = _until_the_right_ends(parts_of(pages), export, current_occasion())
    return download(parts, content_type=content_type, file_name=file_name(export, ending))


@transaction.atomic
def _begin(code: str, query: dict[str, Any]) -> Export:
    patient: Patient = one_or_404(Patient.objects.with_code(code))
    return begin_export(
        patient=patient,
        since=query.get("since"),
        until=query.get("until"),
        with_copies=query["copies"] == "true",
    )


def file_name(export: Export, ending: str) -> str:
    return f"glucose-{export.patient_code}-{timezone.now():%Y-%m-%d}.{ending}"


def _until_the_right_ends(parts: Iterator[bytes], export: Export, asked: Occasion) -> Generator[bytes]:
    """The status has gone out already: what is left is to send no more, and to say so in the ledger."""
    try:
        yield from parts
    except ExportEnded:
        log.warning("export_ended", reason="the right ended")
        with occasion(asked):
            note_ended_export(export=export)


def _workbook(export: Export, pages: Iterator[list[ExportRow]]) -> StreamingHttpResponse:
    """A workbook's directory stands at its end, so it is made first: what fails meanwhile is answered as an error."""
    with ExitStack() as until_made:
        file = until_made.enter_context(tempfile.TemporaryFile())
        try:
            write_workbook(pages, file)
        except ExportEnded:
            raise PermissionDenied(ENDED) from None
        until_made.pop_all()
    size = file.seek(0, os.SEEK_END)
    parts = chunks_of(file)
    response = download(parts, content_type=XLSX, file_name=file_name(export, "xlsx"))
    response.headers["Content-Length"] = str(size)
    return response
