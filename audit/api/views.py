"""The clinic's ledger, for those who answer for it."""

from __future__ import annotations

from typing import Any

from django_filters.filters import CharFilter, UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions import Action
from audit.api.serializers import EntrySerializer, entry_bodies
from audit.models import Entry, EntryQuerySet
from audit.patients import patient_id_of
from audit.services import record_look
from tenancy.api.filters import FilterSet, InstantFilter, OneOfFilter
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView

# The kind of look that the route names.
LEDGER = "audit.entry"


class EntryFilters(FilterSet):
    patient = CharFilter(max_length=50, help_text="code: whose record it was")  # type: ignore[no-untyped-call]
    person = UUIDFilter(help_text="who did it")  # type: ignore[no-untyped-call]
    action = OneOfFilter(Action.choices)
    since = InstantFilter(help_text="from this time on; an offset is required")
    until = InstantFilter(help_text="before this time; an offset is required")

    class Meta:
        model = Entry
        fields: list[str] = []

    def filter_queryset(self, queryset: EntryQuerySet) -> EntryQuerySet:
        chosen = self.form.cleaned_data
        entries = queryset.between(chosen["since"], chosen["until"])
        if chosen["patient"]:
            patient_id = patient_id_of(chosen["patient"])
            entries = entries.none() if patient_id is None else entries.about_patient(patient_id)
        if chosen["person"]:
            entries = entries.by_actor(str(chosen["person"]))
        return entries.filter(action=chosen["action"]) if chosen["action"] else entries


class EntryPagination(ItemsPagination):
    ordering = "-at"


class EntriesView(RoutedView, GenericAPIView[Entry]):
    serializer_class = EntrySerializer
    filterset_class = EntryFilters
    pagination_class = EntryPagination
    queryset = Entry.objects.none()  # for the schema

    def get_queryset(self) -> EntryQuerySet:
        entries: EntryQuerySet = Entry.objects.all()
        return entries

    @extend_schema(responses=EntrySerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who saw and did what, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        patient_ids = {number for entry in page for number in entry.all_patient_ids}
        record_look(kind=LEDGER, patient_ids=sorted(patient_ids))
        return self.get_paginated_response(entry_bodies(page))
