"""The caller: who they are, where they may work, and the patient behind their login."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.linked_patients import patients_with_ids
from accounts.models import Membership
from accounts.principals import PersonPrincipal, person_principals, signed_in_person
from accounts.roles import SUPPORT, Role
from accounts.services import change_member
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

ROLES = [*Role.choices, (SUPPORT, "Platform support")]


class OwnMembershipSerializer(CamelCaseSerializer):
    organization = serializers.CharField(source="organization_code")
    organization_name = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(ROLES)


class LinkedPatientSerializer(CamelCaseSerializer):
    code = serializers.CharField()
    id = serializers.UUIDField(source="public_id")


class MeSerializer(CamelCaseSerializer):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    phone = serializers.CharField()
    role = serializers.ChoiceField(ROLES)
    organization = serializers.CharField(help_text="code of the clinic of this sign-in")
    memberships = OwnMembershipSerializer(many=True)
    patient = LinkedPatientSerializer(allow_null=True, help_text="for a patient's login")


class OwnChangesSerializer(CamelCaseModelSerializer):
    """What people may change about themselves."""

    class Meta:
        model = Membership
        fields = ["name", "phone"]


class MeView(RoutedView, APIView):
    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        principal = signed_in_person(request)
        return describe(principal, own_membership(principal))


class OwnUserView(MeView):
    @extend_schema(request=OwnChangesSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        principal = signed_in_person(request)
        membership = own_membership(principal)
        if membership is None:
            raise PermissionDenied
        form = OwnChangesSerializer(membership, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return describe(principal, change_member(membership=membership, changes=form.validated_data))


def own_membership(principal: PersonPrincipal) -> Membership | None:
    """None for the platform's support, who are no members of the clinic."""
    return Membership.objects.filter(pk=principal.membership_id).first() if principal.membership_id else None


def describe(principal: PersonPrincipal, membership: Membership | None) -> Response:
    linked = patients_with_ids([principal.patient_id])
    body: dict[str, Any] = {
        "id": principal.user_public_id,
        "email": principal.email,
        "name": membership.name if membership else principal.name,
        "phone": membership.phone if membership else "",
        "role": principal.role,
        "organization": principal.organization_code,
        "memberships": person_principals(principal.user_public_id),
        "patient": linked[principal.patient_id] if principal.patient_id is not None else None,
    }
    return Response(MeSerializer(body).data)
