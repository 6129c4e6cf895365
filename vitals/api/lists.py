"""Lists of what is kept about one patient, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.services import record_look
from patients.models import Patient
from readings.api.people import patient_asked_about
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from vitals.api.queries import PatientQuerySerializer

Row = TypeVar("Row", bound=Model)
OF_THE_PAGE = (ItemsPagination.cursor_query_param, ItemsPagination.page_size_query_param)


class PatientListView(RoutedView, GenericAPIView[Row]):
    """``look``: the kind of look that a page is; ``query_class``: what else may be asked."""

    look: str
    query_class: type[PatientQuerySerializer]
    pagination_class: type[ItemsPagination]

    def asked(self, request: Request) -> tuple[Patient, dict[str, Any]]:
        """Whom a page is about, which is a look at them, and what else was asked."""
        sent = {name: value for name, value in request.query_params.dict().items() if name not in OF_THE_PAGE}
        query = self.query_class(data=sent)
        query.is_valid(raise_exception=True)
        # Refused before anybody is looked for.
        self.pagination_class().get_page_size(request)
        asked = query.validated_data
        patient = patient_asked_about(request, asked.get("patient"))
        record_look(kind=self.look, object_id=patient.code, patient_id=patient.pk)
        return patient, asked

    def page(self, rows: QuerySet[Row], bodies: Callable[[Sequence[Row]], list[dict[str, Any]]]) -> Response:
        return self.get_paginated_response(bodies(self.paginate_queryset(rows) or []))
