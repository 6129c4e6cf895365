"""A patient's medical history over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from patients.history import HISTORY, Author, add_history_entry, amend_history_entry
from patients.models import HistoryEntry, HistoryEntryQuerySet, Patient
from patients.models.history import TEXT_LENGTH
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

MOST_ENTRIES = 100


class HistoryEntrySerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    text = serializers.CharField(
        source="readable_text", allow_null=True, read_only=True, help_text="null where the patient's keys are destroyed"
    )
    author = serializers.CharField(source="author_name", read_only=True)

    class Meta:
        model = HistoryEntry
        fields = ["id", "kind", "text", "author", "created_at", "amended_at"]
        read_only_fields = fields


class NewHistoryEntrySerializer(CamelCaseSerializer):
    kind = serializers.ChoiceField(choices=HistoryEntry.Kind.choices, default=HistoryEntry.Kind.NOTE)
    text = serializers.CharField(max_length=TEXT_LENGTH)


class HistoryChangeSerializer(CamelCaseSerializer):
    kind = serializers.ChoiceField(choices=HistoryEntry.Kind.choices, required=False)
    text = serializers.CharField(max_length=TEXT_LENGTH, required=False)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH},
            {
                "type": "array",
                "maxItems": MOST_ENTRIES,
                "items": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {
                        "kind": {"type": "string", "enum": HistoryEntry.Kind.values, "default": "note"},
                        "text": {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH},
                    },
                },
            },
        ]
    }
)
class NewHistoryField(serializers.Field[Any, Any, Any, Any]):
    """A text, which is one note, or a list of entries. They are added to those that are there."""

    def to_internal_value(self, data: Any) -> list[dict[str, str]]:
        if isinstance(data, str):
            data = [{"text": data}]
        entries: serializers.ListSerializer[Any] = serializers.ListSerializer(
            child=NewHistoryEntrySerializer(), data=data, max_length=MOST_ENTRIES
        )
        entries.is_valid(raise_exception=True)
        checked: list[dict[str, str]] = entries.validated_data
        return checked


def author_of(request: Any) -> Author:
    principal = request._request.principal
    return Author(name=principal.name, member_id=principal.membership_id)


class HistoryPagination(ItemsPagination):
    ordering = "-created_at"


class HistoryEntriesView(RoutedView, ListModelMixin, GenericAPIView[HistoryEntry]):
    serializer_class = HistoryEntrySerializer
    pagination_class = HistoryPagination
    queryset = HistoryEntry.objects.none()  # for the schema, which knows no patient

    def get_queryset(self) -> HistoryEntryQuerySet:
        entries: HistoryEntryQuerySet = HistoryEntry.objects.of_patient(self._patient())
        return entries

    def _patient(self) -> Patient:
        patient: Patient = one_or_404(Patient.objects.with_code(self.kwargs["code"]))
        return patient

    def paginate_queryset(self, queryset: Any) -> Any:
        patient = self._patient()
        record_look(kind=HISTORY, object_id=patient.code, patient_id=patient.pk, always=True)
        return super().paginate_queryset(queryset)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The entries, newest first. Each call is written into the audit ledger."""
        return self.list(request, *args, **kwargs)

    @extend_schema(request=NewHistoryEntrySerializer, responses={201: HistoryEntrySerializer})
    def post(self, request: Request, code: str) -> Response:
        patient = self._patient()
        form = NewHistoryEntrySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        entry = add_history_entry(patient=patient, author=author_of(request), **form.validated_data)
        return Response(HistoryEntrySerializer(entry).data, status=201)


class HistoryEntryView(RoutedView, APIView):
    @extend_schema(request=HistoryChangeSerializer, responses=HistoryEntrySerializer)
    def patch(self, request: Request, code: str, entryId: str) -> Response:
        """Amend an entry. What it said before is kept."""
        patient = one_or_404(Patient.objects.with_code(code))
        entry = one_or_404(HistoryEntry.objects.of_patient(patient).filter(public_id=uuid_or_404(entryId)))
        form = HistoryChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        amended = amend_history_entry(entry=entry, changes=form.validated_data, author=author_of(request))
        return Response(HistoryEntrySerializer(amended).data)
