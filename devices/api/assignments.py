"""Which patient a device measures, and when."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from devices.models import Assignment, AssignmentQuerySet, Device
from devices.services import assign_device, end_assignment
from patients.models import Patient
from tenancy.api.lookups import one_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField


class AssignmentSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    patient = serializers.CharField(source="patient.code")

    class Meta:
        model = Assignment
        fields = ["id", "patient", "starts_at", "ends_at", "note", "created_at"]


class NewAssignmentSerializer(CamelCaseSerializer):
    patient = serializers.CharField(max_length=50, help_text="code of the patient")
    starts_at = InstantField(required=False, help_text="now, where it is not given")
    note = serializers.CharField(required=False, allow_blank=True, max_length=512)

    def validate_patient(self, code: str) -> Patient:
        patient: Patient | None = Patient.objects.with_code(code).first()
        if patient is None:
            raise serializers.ValidationError("There is no patient with this code.", code="unknown")
        return patient


# The kind of look that the route names.
ASSIGNMENT = "devices.assignment"


class AssignmentPagination(ItemsPagination):
    ordering = "-starts_at"


class AssignmentsView(RoutedView, ListModelMixin, GenericAPIView[Assignment]):
    serializer_class = AssignmentSerializer
    pagination_class = AssignmentPagination
    queryset = Assignment.objects.none()  # for the schema, which knows no device

    def get_queryset(self) -> AssignmentQuerySet:
        device = one_or_404(Device.objects.named(self.kwargs["deviceId"]))
        assignments: AssignmentQuerySet = Assignment.objects.filter(device=device).select_related("patient")
        return assignments

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        measured = {assignment.patient_id for assignment in page or []}
        record_look(kind=ASSIGNMENT, object_id=self.kwargs["deviceId"], patient_ids=sorted(measured))
        return page

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The periods of the device, newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(request=NewAssignmentSerializer, responses={201: AssignmentSerializer})
    def post(self, request: Request, deviceId: str) -> Response:
        """From then on the device measures this patient; the period before ends there."""
        device = one_or_404(Device.objects.named(deviceId))
        form = NewAssignmentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        assignment = assign_device(device=device, **form.validated_data)
        return Response(AssignmentSerializer(assignment).data, status=201)


class CurrentAssignmentView(RoutedView, APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, deviceId: str) -> Response:
        """From now on the device measures nobody."""
        device = one_or_404(Device.objects.named(deviceId))
        one_or_404(Assignment.objects.filter(device=device).in_force_at(timezone.now()))
        end_assignment(device=device)
        return Response(status=204)
