from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack

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

from accounts.authority import authority_of
from accounts.principals import PersonPrincipal, signed_in_person
from devices.fleet.exports import COLUMNS, ExportEnded, begin_export, export_pages
from tenancy.api.downloads import chunks_of, download
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from tenancy.row_files import csv_file, json_file, workbook_file

# The right that each page asks for again.
EXPORT = "devices.export_device"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STREAMED = {"csv": ("text/csv; charset=utf-8", csv_file), "json": ("application/json", json_file)}
ENDED = "Your right to export devices has ended. The file is not complete."

log = structlog.get_logger(__name__)


class FleetExportQuerySerializer(CamelCaseSerializer):
    format = serializers.ChoiceField(["csv", "json", "xlsx"], default="csv")


# Not atomic as a whole: that somebody exports is committed before the first byte, and each page is read by itself.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class FleetExportView(RoutedView, APIView):
    @extend_schema(
        operation_id="devices_export",
        parameters=[FleetExportQuerySerializer],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, XLSX): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All devices in use, by their codes. Without its end, which says so, the file is not complete."""
        query = FleetExportQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        begin_export()
        return fleet_file(query.validated_data["format"], signed_in_person(request))


def fleet_file(ending: str, principal: PersonPrincipal) -> StreamingHttpResponse:
    """For as long as ``principal`` may have it. ``ending``: csv, json or xlsx."""
    pages = export_pages(authority_of(principal, EXPORT))
    name = f"devices-{timezone.localdate():%Y-%m-%d}.{ending}"
    if ending == "xlsx":
        with ExitStack() as until_made:
            file = until_made.enter_context(tempfile.TemporaryFile())
            try:
                workbook_file(COLUMNS, pages, file, title="Devices")
            except ExportEnded:
                raise PermissionDenied(ENDED) from None
            until_made.pop_all()
        return download(chunks_of(file), content_type=XLSX, file_name=name)
    content_type, parts_of = STREAMED[ending]
    return download(_until_the_right_ends(parts_of(COLUMNS, pages)), content_type=content_type, file_name=name)


def _until_the_right_ends(parts: Iterator[bytes]) -> Generator[bytes]:
    """The status has gone out already: what is left is to send no more."""
    try:
        yield from parts
    except ExportEnded:
        log.warning("fleet_export_ended", reason="the right ended")
