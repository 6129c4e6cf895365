"""Who of the platform's support entered the clinic, and why."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import SupportAccess
from accounts.support import end_access
from tenancy.api.errors import Conflict
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer
from tenancy.managers import TenantQuerySet


class SupportAccessSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)

    class Meta:
        model = SupportAccess
        fields = ["id", "name", "email", "reason", "begins_at", "expires_at", "ended_at"]
        read_only_fields = fields


class NewestFirst(ItemsPagination):
    ordering = ("-begins_at", "public_id")


class SupportAccessViewSet(RoutedView, GenericViewSet[SupportAccess]):
    serializer_class = SupportAccessSerializer
    pagination_class = NewestFirst
    lookup_field = "public_id"
    lookup_url_kwarg = "supportAccessId"

    def get_queryset(self) -> TenantQuerySet[SupportAccess]:
        accesses: TenantQuerySet[SupportAccess] = SupportAccess.objects.all()
        return accesses

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(SupportAccessSerializer(page, many=True).data)

    def destroy(self, request: Request, supportAccessId: str) -> Response:
        """End an access at once; the support's next request is refused."""
        access = one_or_404(self.get_queryset().filter(public_id=uuid_or_404(supportAccessId)))
        if not end_access(access=access, because="ended by the clinic"):
            raise Conflict("The access has ended already.")
        return Response(status=204)
