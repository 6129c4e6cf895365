from __future__ import annotations

from typing import Any, cast

from rest_framework import mixins
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from audit.services import record_look
from patients.api.filters import PatientFilters
from patients.api.history import author_of
from patients.api.serializers import PatientSerializer, PatientWithHistorySerializer
from patients.history import add_history_entry, read_history
from patients.models import Patient, PatientQuerySet
from patients.services import archive_patient, change_patient, create_patient
from tenancy.api.lookups import one_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView

# The kind of look that the routes name.
PATIENT = "patients.patient"


class PatientPagination(ItemsPagination):
    ordering = "code"


class PatientViewSet(
    RoutedView,
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[Patient],
):
    """The clinic's patients."""

    serializer_class = PatientSerializer
    filterset_class = PatientFilters
    pagination_class = PatientPagination
    lookup_field = "code"

    def get_queryset(self) -> PatientQuerySet:
        patients: PatientQuerySet = Patient.objects.all()
        return patients

    def get_object(self) -> Patient:
        patient: Patient = one_or_404(self.get_queryset().with_code(self.kwargs["code"]))
        if self.action == "retrieve":
            record_look(kind=PATIENT, object_id=patient.code, patient_id=patient.pk)
        return patient

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        record_look(kind=PATIENT, patient_ids=[patient.pk for patient in page or []])
        return page

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return PatientWithHistorySerializer if self.action == "retrieve" else PatientSerializer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        patient = self.get_object()
        # Set on the row for the serializer; the table of patients has no such column.
        patient.medical_history = read_history(patient=patient) if self._may("view") else None  # type: ignore[attr-defined]
        return Response(self.get_serializer(patient).data)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        entries = self._new_entries(serializer)
        serializer.instance = create_patient(**serializer.validated_data)
        self._add_history(serializer.instance, entries)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        patient = cast(Patient, serializer.instance)
        entries = self._new_entries(serializer)
        serializer.instance = change_patient(patient=patient, changes=serializer.validated_data)
        self._add_history(patient, entries)

    def _new_entries(self, serializer: BaseSerializer[Any]) -> list[dict[str, str]]:
        entries: list[dict[str, str]] = serializer.validated_data.pop("medical_history", [])
        if entries and not self._may("add"):
            raise PermissionDenied
        return entries

    def _add_history(self, patient: Patient, entries: list[dict[str, str]]) -> None:
        for entry in entries:
            add_history_entry(patient=patient, author=author_of(self.request), **entry)

    def _may(self, action: str) -> bool:
        return bool(self.request._request.principal.may(f"patients.{action}_historyentry"))  # type: ignore[attr-defined]

    def perform_destroy(self, instance: Patient) -> None:
        """Archives: readings stay until the clinic's retention removes them."""
        archive_patient(patient=instance)
