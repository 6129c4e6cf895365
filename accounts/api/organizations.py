"""The clinics of the caller, and what owners and admins set for the one of this sign-in."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.organizations import change_organization, current_organization
from accounts.principals import person_principals, signed_in_person
from accounts.roles import SUPPORT, Role
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from tenancy.models import Organization

ROLES = [*Role.choices, (SUPPORT, "Support")]


class OwnClinicSerializer(CamelCaseSerializer):
    code = serializers.CharField(source="organization_code")
    name = serializers.CharField(source="organization_name")
    role = serializers.ChoiceField(ROLES, help_text="the caller's in this clinic")


class OwnClinicsSerializer(CamelCaseSerializer):
    items = OwnClinicSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class OrganizationSerializer(CamelCaseModelSerializer):
    class Meta:
        model = Organization
        fields = ["code", "name", "kind", "status", "contact_email", "contact_phone", "contact_address", "created_at"]
        read_only_fields = ["code", "status", "created_at"]


class OrganizationSettingsSerializer(CamelCaseModelSerializer):
    class Meta:
        model = Organization
        fields = [
            "timezone",
            "glucose_unit",
            "reading_max_age_hours",
            "reading_retention_days",
            "device_key_max_age_days",
            "assigned_patients_only",
            "audit_retention_days",
        ]


class OwnClinicsView(RoutedView, APIView):
    @extend_schema(responses=OwnClinicsSerializer)
    def get(self, request: Request) -> Response:
        """Where the caller may work at this moment, last used first. Nobody else's clinics are told."""
        places = person_principals(signed_in_person(request).user_public_id)
        return Response(OwnClinicsSerializer({"items": places, "next": None}).data)


class CurrentOrganizationView(RoutedView, APIView):
    serializer_class: type[CamelCaseModelSerializer] = OrganizationSerializer

    def answer(self, organization: Organization) -> Response:
        return Response(self.serializer_class(organization).data)

    @extend_schema(responses=OrganizationSerializer)
    def get(self, request: Request) -> Response:
        return self.answer(current_organization())

    @extend_schema(request=OrganizationSerializer, responses=OrganizationSerializer)
    def patch(self, request: Request) -> Response:
        return self.answer(self.changed(request))

    def changed(self, request: Request) -> Organization:
        form = self.serializer_class(current_organization(), data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changes: dict[str, Any] = form.validated_data
        return change_organization(changes=changes)


class OrganizationSettingsView(CurrentOrganizationView):
    serializer_class = OrganizationSettingsSerializer

    @extend_schema(responses=OrganizationSettingsSerializer)
    def get(self, request: Request) -> Response:
        return self.answer(current_organization())

    @extend_schema(request=OrganizationSettingsSerializer, responses=OrganizationSettingsSerializer)
    def patch(self, request: Request) -> Response:
        """``assignedPatientsOnly`` acts with the next request of every member.

        Readings older than ``readingRetentionDays`` are removed in the next night, with their summaries: for good.
        """
        return self.answer(self.changed(request))
