"""Emergency access to a patient who is not one's own, and who has used it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.linked_patients import patients_with_ids
from accounts.principals import signed_in_person
from audit.services import record_look
from patients.emergency import (
    LONGEST_REASON,
    MOST_MINUTES,
    SHORTEST_REASON,
    end_emergency_access,
    open_emergency_access,
    patient_in_emergency,
)
from patients.models import EmergencyAccess, EmergencyAccessQuerySet
from patients.tasks import mail_emergency_access_task
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from tenancy.tasks import send_task_after_commit

# The kind of look that the routes name.
EMERGENCY = "patients.emergencyaccess"


class EmergencySerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    patient = serializers.SerializerMethodField(help_text="code; null where the caller does not see the patient")
    member = serializers.UUIDField(source="member.user_public_id")
    name = serializers.CharField(source="member.name", help_text="of the member")
    is_open = serializers.BooleanField()

    class Meta:
        model = EmergencyAccess
        fields = ["id", "patient", "member", "name", "reason", "begins_at", "expires_at", "ended_at", "is_open"]

    def get_patient(self, access: EmergencyAccess) -> str | None:
        patient = self.context["patients"].get(access.patient_id)
        return patient.code if patient else None


class NewEmergencySerializer(CamelCaseSerializer):
    code = serializers.CharField(max_length=50, help_text="of the patient, exactly")
    reason = serializers.CharField(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)
    minutes = serializers.IntegerField(min_value=1, max_value=MOST_MINUTES)


class EmergencyPagination(ItemsPagination):
    ordering = ("-begins_at", "public_id")


class EmergencyViewSet(RoutedView, GenericViewSet[EmergencyAccess]):
    """Owners and admins see every access and may end it; others see and end their own."""

    # For the OpenAPI document, which is written without anybody who asks.
    queryset = EmergencyAccess.objects.none()
    serializer_class = EmergencySerializer
    pagination_class = EmergencyPagination

    def get_queryset(self) -> EmergencyAccessQuerySet:
        person = signed_in_person(self.request)
        accesses: EmergencyAccessQuerySet = EmergencyAccess.objects.select_related("member")
        return accesses if person.may("patients.view_emergencyaccess") else accesses.of_member(person.membership_id)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        record_look(kind=EMERGENCY, patient_ids=sorted({access.patient_id for access in page}))
        return self.get_paginated_response(emergency_bodies(page))

    @extend_schema(request=NewEmergencySerializer, responses={201: EmergencySerializer})
    def create(self, request: Request) -> Response:
        """See a patient of another care team from the next request on. Owners and admins get a mail with the reason."""
        form = NewEmergencySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        chosen, member_id = form.validated_data, signed_in_person(request).membership_id
        patient = patient_in_emergency(code=chosen["code"])
        if patient is None or member_id is None:
            raise NotFound("The clinic has no patient with this code.")
        access = open_emergency_access(
            member_id=member_id, patient=patient, reason=chosen["reason"], minutes=chosen["minutes"]
        )
        send_task_after_commit(mail_emergency_access_task, access_id=access.pk)
        return Response({**emergency_bodies([access])[0], "patient": chosen["code"]}, status=201)

    @extend_schema(request=None, responses=EmergencySerializer)
    def end(self, request: Request, accessId: str) -> Response:
        """End it before its time. One that is over stays as it is."""
        access: EmergencyAccess = one_or_404(self.get_queryset().filter(public_id=uuid_or_404(accessId)))
        end_emergency_access(access=access)
        return Response(emergency_bodies([access])[0])


def emergency_bodies(accesses: Sequence[EmergencyAccess]) -> list[dict[str, Any]]:
    context = {"patients": patients_with_ids(access.patient_id for access in accesses)}
    return [EmergencySerializer(access, context=context).data for access in accesses]
