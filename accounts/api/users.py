"""Members of the caller's clinic: managed by its owners and admins, and each by themselves."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.api.me import OwnChangesSerializer
from accounts.api.members import MemberSerializer, NewMemberSerializer, member_bodies, member_body
from accounts.linked_patients import patient_with_code
from accounts.models import Membership, MembershipQuerySet
from accounts.principals import signed_in_person
from accounts.roles import Role
from accounts.services import add_member, change_member, deactivate_member
from audit.services import record_look
from tenancy.api.errors import Conflict
from tenancy.api.filters import FilterSet, OneOfFilter, SearchFilter, YesNoFilter
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView

MANAGING = {
    "retrieve": "accounts.view_membership",
    "partial_update": "accounts.change_membership",
    "destroy": "accounts.delete_membership",
}

# The kind of look that the routes name: a patient's login is a member as well.
MEMBER = "accounts.membership"


class MemberFilters(FilterSet):
    search = SearchFilter(help_text="beginning of the name or e-mail address")
    role = OneOfFilter(Role.choices)
    active = YesNoFilter(help_text="false: people who have left instead of members")

    class Meta:
        model = Membership
        fields: list[str] = []

    def filter_queryset(self, queryset: MembershipQuerySet) -> MembershipQuerySet:
        chosen = self.form.cleaned_data
        members = queryset.filter(is_active=chosen["active"] is not False)
        if chosen["role"]:
            members = members.filter(role=chosen["role"])
        return members.matching(chosen["search"]) if chosen["search"] else members


class MemberPagination(ItemsPagination):
    # Not the id: a cursor is readable, and keys of the database do not leave the platform.
    ordering = ("name", "user_public_id")


class MemberViewSet(RoutedView, GenericViewSet[Membership]):
    serializer_class = MemberSerializer
    filterset_class = MemberFilters
    pagination_class = MemberPagination
    lookup_field = "user_public_id"
    lookup_url_kwarg = "userId"

    def get_queryset(self) -> MembershipQuerySet:
        members: MembershipQuerySet = Membership.objects.all()
        return members

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        patient_ids = sorted({member.patient_id for member in page or [] if member.patient_id is not None})
        record_look(kind=MEMBER, patient_ids=patient_ids)
        return self.get_paginated_response(member_bodies(page or []))

    @extend_schema(request=NewMemberSerializer, responses={201: MemberSerializer})
    def create(self, request: Request) -> Response:
        """Admit a person. The answer is the same whether or not the address has an account elsewhere."""
        form = NewMemberSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(member_body(add_member(**form.validated_data, acting_role=self.acting_role())), status=201)

    def retrieve(self, request: Request, userId: str) -> Response:
        member = self.find(userId)
        record_look(kind=MEMBER, object_id=str(member.user_public_id), patient_id=member.patient_id)
        return Response(member_body(member))

    def partial_update(self, request: Request, userId: str) -> Response:
        """Who may manage members changes name, phone, role and isActive; others their own name and phone."""
        member = self.find(userId)
        serializer = MemberSerializer if self.manages() else OwnChangesSerializer
        form = serializer(member, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changes: dict[str, Any] = form.validated_data
        return Response(member_body(change_member(membership=member, changes=changes, acting_role=self.acting_role())))

    def destroy(self, request: Request, userId: str) -> Response:
        """Take the person's access to the clinic, from their next request on. What they did stays."""
        deactivate_member(membership=self.find(userId), acting_role=self.acting_role())
        return Response(status=204)

    def find(self, user_id: str) -> Membership:
        """The member, for those who manage members and for the person; everybody else hears 403 of any id."""
        member = self.named(user_id)
        is_self = member is not None and member.pk == signed_in_person(self.request).membership_id
        if not is_self and not self.manages():
            raise PermissionDenied
        if member is None:
            raise NotFound
        return member

    def manages(self) -> bool:
        return signed_in_person(self.request).may(MANAGING[self.action])

    def named(self, user_id: str) -> Membership | None:
        """By the UUID of the account, or by the code of the patient behind it."""
        try:
            return self.get_queryset().of_person(uuid.UUID(user_id)).first()
        except ValueError:
            patient = patient_with_code(user_id)
        logins = list(self.get_queryset().of_patient(patient.id)[:2]) if patient else []
        if len(logins) > 1:
            raise Conflict("Several people sign in for this patient. Name one by id.")
        return logins[0] if logins else None

    def acting_role(self) -> str:
        return signed_in_person(self.request).role
