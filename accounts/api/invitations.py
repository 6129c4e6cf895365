"""Invitations of the caller's clinic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.api.members import NewMemberSerializer
from accounts.invitations import (
    FEWEST_DAYS,
    MOST_DAYS,
    USUAL_DAYS,
    cancel_invitation,
    invite,
    resend_invitation,
)
from accounts.linked_patients import patients_with_ids
from accounts.models import Invitation, InvitationQuerySet
from accounts.principals import signed_in_person
from accounts.tasks import mail_invitation_task
from audit.services import record_look
from tenancy.api.filters import FilterSet, OneOfFilter
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from tenancy.tasks import send_task_after_commit

# The kind of look that the routes name: an invitation may be for a patient's login.
INVITATION = "accounts.invitation"


def days_field() -> serializers.IntegerField:
    return serializers.IntegerField(
        default=USUAL_DAYS, min_value=FEWEST_DAYS, max_value=MOST_DAYS, help_text="how long the invitation stands"
    )


class InvitationSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(Invitation.State.choices, source="shown_state")
    patient = serializers.SerializerMethodField(help_text="code of the patient, for a patient's login")
    invited_by = serializers.CharField(source="invited_by.name", default=None, help_text="name of the member")

    class Meta:
        model = Invitation
        fields = ["id", "email", "name", "role", "patient", "message", "state", "invited_by"]
        fields += ["created_at", "expires_at", "closed_at"]

    def get_patient(self, invitation: Invitation) -> str | None:
        patient = self.context["patients"].get(invitation.patient_id)
        return patient.code if patient else None


class NewInvitationSerializer(NewMemberSerializer):
    days = days_field()

    class Meta(NewMemberSerializer.Meta):
        model = Invitation  # type: ignore[assignment]
        fields = ["email", "name", "role", "patient", "message", "days"]


class ResendSerializer(CamelCaseSerializer):
    days = days_field()


class InvitationFilters(FilterSet):
    state = OneOfFilter(Invitation.State.choices)

    class Meta:
        model = Invitation
        fields: list[str] = []

    def filter_queryset(self, queryset: InvitationQuerySet) -> InvitationQuerySet:
        state = self.form.cleaned_data["state"]
        return queryset.in_state(state) if state else queryset


class InvitationPagination(ItemsPagination):
    ordering = ("-created_at", "public_id")


class InvitationViewSet(RoutedView, GenericViewSet[Invitation]):
    serializer_class = InvitationSerializer
    filterset_class = InvitationFilters
    pagination_class = InvitationPagination
    lookup_field = "public_id"
    lookup_url_kwarg = "invitationId"

    def get_queryset(self) -> InvitationQuerySet:
        invitations: InvitationQuerySet = Invitation.objects.select_related("invited_by")
        return invitations

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        patient_ids = sorted({invitation.patient_id for invitation in page if invitation.patient_id is not None})
        record_look(kind=INVITATION, patient_ids=patient_ids)
        return self.get_paginated_response(invitation_bodies(page))

    @extend_schema(request=NewInvitationSerializer, responses={201: InvitationSerializer})
    def create(self, request: Request) -> Response:
        """Offer a place in the clinic. The answer is the same whether or not the address has an account."""
        form = NewInvitationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = signed_in_person(request)
        invitation = invite(**form.validated_data, invited_by_id=person.membership_id, acting_role=person.role)
        send_task_after_commit(mail_invitation_task, invitation_id=invitation.pk)
        return Response(invitation_bodies([invitation])[0], status=201)

    def destroy(self, request: Request, invitationId: str) -> Response:
        """Take it back: its link is void."""
        cancel_invitation(invitation=self.find(invitationId), acting_role=signed_in_person(request).role)
        return Response(status=204)

    @extend_schema(request=ResendSerializer, responses=InvitationSerializer)
    def resend(self, request: Request, invitationId: str) -> Response:
        """A new mail with a new link and a new term; the former link is void."""
        form = ResendSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        invitation = resend_invitation(
            invitation=self.find(invitationId), acting_role=signed_in_person(request).role, **form.validated_data
        )
        send_task_after_commit(mail_invitation_task, invitation_id=invitation.pk)
        return Response(invitation_bodies([invitation])[0])

    def find(self, invitation_id: str) -> Invitation:
        return one_or_404(self.get_queryset().filter(public_id=uuid_or_404(invitation_id)))


def invitation_bodies(invitations: Sequence[Invitation]) -> list[dict[str, Any]]:
    context = {"patients": patients_with_ids(invitation.patient_id for invitation in invitations)}
    return [InvitationSerializer(invitation, context=context).data for invitation in invitations]
