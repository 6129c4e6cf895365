from __future__ import annotations

from typing import Any, cast

from rest_framework import mixins
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from audit.services import record_look
from patients.api.filters import PatientFilters
from patients.api.serializers import PatientSerializer
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

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        serializer.instance = create_patient(**serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        patient = cast(Patient, serializer.instance)
        serializer.instance = change_patient(patient=patient, changes=serializer.validated_data)

    def perform_destroy(self, instance: Patient) -> None:
        """Archives: readings stay until the clinic's retention removes them."""
        archive_patient(patient=instance)
