"""Who looks after a patient."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership
from accounts.roles import Role
from audit.services import record_look
from patients.care_team import add_to_care_team, remove_from_care_team
from patients.models import CareTeamMember, Patient
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

# The kind of look that the routes name.
CARE_TEAM = "patients.careteammember"


class CareTeamSerializer(CamelCaseModelSerializer):
    member = serializers.UUIDField(source="member.user_public_id", help_text="id of the person")
    name = serializers.CharField(source="member.name")
    role = serializers.ChoiceField(Role.choices, source="member.role")

    class Meta:
        model = CareTeamMember
        fields = ["member", "name", "role", "added_at"]


class NewCareTeamMemberSerializer(CamelCaseSerializer):
    member = serializers.UUIDField(help_text="id of the person")

    def validate_member(self, public_id: uuid.UUID) -> Membership:
        member: Membership | None = Membership.objects.active().of_person(public_id).first()
        if member is None:
            raise serializers.ValidationError("There is no member with this id.", code="unknown")
        return member


class CareTeamPagination(ItemsPagination):
    ordering = "added_at"


class CareTeamView(RoutedView, ListModelMixin, GenericAPIView[CareTeamMember]):
    serializer_class = CareTeamSerializer
    pagination_class = CareTeamPagination
    queryset = CareTeamMember.objects.none()  # for the schema, which knows no patient

    def get_queryset(self) -> QuerySet[CareTeamMember]:
        patient = named_patient(self.kwargs["code"])
        record_look(kind=CARE_TEAM, object_id=patient.code, patient_id=patient.pk)
        team: QuerySet[CareTeamMember] = CareTeamMember.objects.filter(patient=patient).select_related("member")
        return team

    def get(self, request: Request, code: str) -> Response:
        return self.list(request)

    @extend_schema(request=NewCareTeamMemberSerializer, responses={201: CareTeamSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Where the clinic's staff see only their patients, the member sees this one from the next request on."""
        patient = named_patient(code)
        form = NewCareTeamMemberSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        link = add_to_care_team(patient=patient, member=form.validated_data["member"])
        return Response(CareTeamSerializer(link).data, status=201)


class CareTeamMemberView(RoutedView, APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str, memberId: str) -> Response:
        patient = named_patient(code)
        member = one_or_404(Membership.objects.of_person(uuid_or_404(memberId)))
        if not remove_from_care_team(patient=patient, member=member):
            raise NotFound
        return Response(status=204)


def named_patient(code: str) -> Patient:
    patient: Patient = one_or_404(Patient.objects.with_code(code))
    return patient
