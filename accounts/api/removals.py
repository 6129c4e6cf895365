"""Requests that a member's access end."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import Membership, RemovalRequest, RemovalRequestQuerySet
from accounts.principals import signed_in_person
from accounts.removals import approve_removal, cancel_removal, deny_removal, request_removal
from tenancy.api.filters import FilterSet, OneOfFilter
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

DECIDING = "accounts.change_removalrequest"


class RemovalMemberSerializer(CamelCaseSerializer):
    id = serializers.UUIDField(source="user_public_id")
    name = serializers.CharField()


class RemovalSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    member = RemovalMemberSerializer()
    requested_by = RemovalMemberSerializer()
    decided_by = RemovalMemberSerializer(allow_null=True)

    class Meta:
        model = RemovalRequest
        fields = ["id", "member", "requested_by", "reason", "state", "decided_by", "notes", "created_at", "decided_at"]


class NewRemovalSerializer(CamelCaseSerializer):
    member = serializers.CharField(max_length=254, help_text="id or e-mail address of the member")
    reason = serializers.CharField(max_length=500)

    def validate_member(self, named: str) -> Membership:
        members = Membership.objects.active().seen_by(signed_in_person(self.context["request"]))
        try:
            found: Membership | None = members.of_person(uuid.UUID(named)).first()
        except ValueError:
            found = members.filter(email__iexact=named).first()
        if found is None:
            raise serializers.ValidationError("There is no member with this id or address.", code="unknown")
        return found


class DecisionSerializer(CamelCaseSerializer):
    notes = serializers.CharField(required=False, allow_blank=True, max_length=500)


class RemovalFilters(FilterSet):
    state = OneOfFilter(RemovalRequest.State.choices)

    class Meta:
        model = RemovalRequest
        fields = ["state"]


class RemovalPagination(ItemsPagination):
    ordering = ("-created_at", "public_id")


class RemovalViewSet(RoutedView, GenericViewSet[RemovalRequest]):
    """Owners and admins see all requests and decide; others see and take back their own."""

    # For the OpenAPI document, which is written without anybody who asks.
    queryset = RemovalRequest.objects.none()
    serializer_class = RemovalSerializer
    filterset_class = RemovalFilters
    pagination_class = RemovalPagination
    lookup_field = "public_id"
    lookup_url_kwarg = "removalId"

    def get_queryset(self) -> RemovalRequestQuerySet:
        requests: RemovalRequestQuerySet = RemovalRequest.objects.select_related("member", "requested_by", "decided_by")
        person = signed_in_person(self.request)
        return requests if person.may(DECIDING) else requests.filter(requested_by=person.membership_id)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(RemovalSerializer(page, many=True).data)

    @extend_schema(request=NewRemovalSerializer, responses={201: RemovalSerializer})
    def create(self, request: Request) -> Response:
        """Ask that a member's access end; owners and admins decide. At most one request about a member waits."""
        form = NewRemovalSerializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        made = request_removal(**form.validated_data, requested_by_id=self.own_membership())
        return Response(RemovalSerializer(made).data, status=201)

    @extend_schema(request=DecisionSerializer, responses=RemovalSerializer)
    def approve(self, request: Request, removalId: str) -> Response:
        """End the member's access from their next request on. The last owner stays."""
        return self.decided(approve_removal, removalId)

    @extend_schema(request=DecisionSerializer, responses=RemovalSerializer)
    def deny(self, request: Request, removalId: str) -> Response:
        return self.decided(deny_removal, removalId)

    @extend_schema(request=DecisionSerializer, responses=RemovalSerializer)
    def cancel(self, request: Request, removalId: str) -> Response:
        """Take one's own request back; owners and admins any."""
        cancelled = cancel_removal(
            request=self.find(removalId), decided_by_id=self.own_membership(), notes=self.notes()
        )
        return Response(RemovalSerializer(cancelled).data)

    def decided(self, decide: Callable[..., RemovalRequest], removal_id: str) -> Response:
        request = decide(
            request=self.find(removal_id),
            decided_by_id=self.own_membership(),
            acting_role=signed_in_person(self.request).role,
            notes=self.notes(),
        )
        return Response(RemovalSerializer(request).data)

    def find(self, removal_id: str) -> RemovalRequest:
        return one_or_404(self.get_queryset().filter(public_id=uuid_or_404(removal_id)))

    def notes(self) -> str:
        form = DecisionSerializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        notes: str = form.validated_data.get("notes", "")
        return notes

    def own_membership(self) -> int:
        membership_id = signed_in_person(self.request).membership_id
        if membership_id is None:
            raise NotFound
        return membership_id
