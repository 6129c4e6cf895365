"""Connections with Dexcom, and what people do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from audit.services import record_look
from dexcom_sync.api.naming import named_connection
from dexcom_sync.api.refusals import refused_as_answers
from dexcom_sync.api.serializers import AcceptanceSerializer, ConnectionSerializer
from dexcom_sync.models import Connection
from dexcom_sync.models.connection import ConnectionQuerySet
from dexcom_sync.services import people
from dexcom_sync.services.connecting import OBJECT
from dexcom_sync.services.reading_now import ask_to_read_now
from dexcom_sync.tasks import sync_now
from patients.models import Patient
from tenancy.api.filters import FilterSet, OneOfFilter, SearchFilter
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.tasks import send_task_after_commit

# The kind of look that the routes name.
CONNECTION = OBJECT


class ConnectionFilters(FilterSet):
    patient = SearchFilter(help_text="exactly this patient's code")
    status = OneOfFilter(Connection.Status.choices, help_text="left out: all but withdrawn ones")

    class Meta:
        model = Connection
        fields: list[str] = []

    def filter_queryset(self, queryset: ConnectionQuerySet) -> ConnectionQuerySet:
        chosen = self.form.cleaned_data
        connections = queryset.filter(status=chosen["status"]) if chosen["status"] else queryset.standing()
        if chosen["patient"]:
            connections = connections.filter(patient__in=Patient.objects.with_code(chosen["patient"]))
        return connections


class ConnectionPagination(ItemsPagination):
    ordering = ("created_at", "public_id")


class ConnectionViewSet(RoutedView, GenericViewSet[Connection]):
    queryset = Connection.objects.none()  # for the schema
    serializer_class = ConnectionSerializer
    filterset_class = ConnectionFilters
    pagination_class = ConnectionPagination

    def list(self, request: Request) -> Response:
        """Oldest first. Dexcom's data are one to three hours old: ``dataThrough`` says how old."""
        shown = Connection.objects.select_related("patient").prefetch_related("progress")
        page = self.paginate_queryset(self.filter_queryset(shown)) or []
        record_look(kind=CONNECTION, patient_ids=sorted({connection.patient_id for connection in page}))
        return self.get_paginated_response(ConnectionSerializer(page, many=True).data)

    def retrieve(self, request: Request, connectionId: str) -> Response:
        connection = named_connection(connectionId)
        record_look(kind=CONNECTION, object_id=str(connection.public_id), patient_id=connection.patient_id)
        return Response(_body(connection))

    @extend_schema(request=None, responses={202: ConnectionSerializer})
    def sync(self, request: Request, connectionId: str) -> Response:
        """Read what is new, now. The answer does not wait for it: look at the connection's progress."""
        connection = named_connection(connectionId)
        with refused_as_answers():
            ask_to_read_now(connection=connection)
        send_task_after_commit(sync_now, connection_id=connection.pk)
        return Response(_body(connection), status=202)

    @extend_schema(request=None)
    def pause(self, request: Request, connectionId: str) -> Response:
        """Nothing is read until it is resumed; the consent stays."""
        return _act(connectionId, people.pause)

    @extend_schema(request=None)
    def resume(self, request: Request, connectionId: str) -> Response:
        """It goes on where it was: what came meanwhile is read."""
        return _act(connectionId, people.resume)

    @extend_schema(request=AcceptanceSerializer)
    def accept(self, request: Request, connectionId: str) -> Response:
        """A connection that was stopped goes on with the account that Dexcom answers about now."""
        form = AcceptanceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return _act(connectionId, people.accept_account, **form.validated_data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, connectionId: str) -> Response:
        """Disconnect: the tokens are erased, and what was read stays. Dexcom offers no way to withdraw the consent
        there: the patient removes this platform in the Dexcom account as well.
        """
        _act(connectionId, people.disconnect)
        return Response(status=204)


def _act(connection_id: str, act: Callable[..., Connection], **said: Any) -> Response:
    with refused_as_answers():
        act(connection=named_connection(connection_id), **said)
    return Response(_body(named_connection(connection_id)))


def _body(connection: Connection) -> dict[str, Any]:
    return dict(ConnectionSerializer(connection).data)
