"""A patient's stays."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership
from accounts.principals import signed_in_person
from audit.services import record_look
from patients.admissions import ADMISSION, admit_patient, change_admission
from patients.api.care_team import named_patient
from patients.models import Admission
from patients.models.admission import NOTES_LENGTH, AdmissionQuerySet
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField

# Discharge notes are clinical text, as the medical history is.
READS_NOTES = "patients.view_historyentry"


class AdmissionSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    discharge_notes = serializers.SerializerMethodField(
        help_text="null where the caller may not read medical histories, and where the patient's keys are destroyed"
    )

    class Meta:
        model = Admission
        fields = ["id", "status", "room", "admitted_at", "discharged_at", "admitted_by", "discharge_notes"]

    def get_discharge_notes(self, admission: Admission) -> str | None:
        return admission.readable_notes if self.context["reads_notes"] else None


class NewAdmissionSerializer(CamelCaseSerializer):
    admitted_at = InstantField(required=False, help_text="now, where it is not given")
    status = serializers.ChoiceField(choices=["admitted", "verified", "unknown"], default="admitted")
    room = serializers.CharField(max_length=50, required=False, allow_blank=True, help_text="left out: the patient's")


class AdmissionChangeSerializer(CamelCaseSerializer):
    status = serializers.ChoiceField(choices=Admission.Status.choices, required=False)
    room = serializers.CharField(max_length=50, required=False, allow_blank=True)
    admitted_at = InstantField(required=False)
    discharged_at = InstantField(required=False, allow_null=True, help_text="makes the stay discharged")
    discharge_notes = serializers.CharField(max_length=NOTES_LENGTH, required=False, allow_blank=True)


class AdmissionPagination(ItemsPagination):
    ordering = ("-admitted_at", "public_id")


class AdmissionsView(RoutedView, ListModelMixin, GenericAPIView[Admission]):
    serializer_class = AdmissionSerializer
    pagination_class = AdmissionPagination
    queryset = Admission.objects.none()  # for the schema, which knows no patient

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), **_context(self.request)}

    def get_queryset(self) -> AdmissionQuerySet:
        patient = named_patient(self.kwargs["code"])
        record_look(kind=ADMISSION, object_id=patient.code, patient_id=patient.pk)
        admissions: AdmissionQuerySet = Admission.objects.of_patient(patient)
        return admissions

    def get(self, request: Request, code: str) -> Response:
        """The patient's stays, newest first; the first one is open where its ``dischargedAt`` is null."""
        return self.list(request)

    @extend_schema(request=NewAdmissionSerializer, responses={201: AdmissionSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Admit the patient. There is one open stay at most; measurements are kept without one as well."""
        patient = named_patient(code)
        form = NewAdmissionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = signed_in_person(request)
        member = Membership.objects.filter(pk=person.membership_id).first() if person.membership_id else None
        made = admit_patient(patient=patient, admitted_by=person.name, member=member, **form.validated_data)
        return Response(AdmissionSerializer(made, context=_context(request)).data, status=201)


class AdmissionView(RoutedView, APIView):
    @extend_schema(request=AdmissionChangeSerializer, responses=AdmissionSerializer)
    def patch(self, request: Request, code: str, admissionId: str) -> Response:
        """Discharge, transfer or correct. An end makes the stay discharged."""
        found = Admission.objects.of_patient(named_patient(code)).filter(public_id=uuid_or_404(admissionId))
        admission: Admission = one_or_404(found)
        form = AdmissionChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = change_admission(admission=admission, changes=form.validated_data)
        return Response(AdmissionSerializer(changed, context=_context(request)).data)


def _context(request: Request) -> dict[str, Any]:
    return {"reads_notes": signed_in_person(request).may(READS_NOTES)}
