"""One command for many devices, and the same act on many commands: each by itself, none stops the others."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.commands.api.serializers import NewCommandSerializer
from devices.commands.api.views import CancelSerializer, ordered_by, refuse_beyond_rights
from devices.commands.models import DeviceCommand
from devices.commands.services import cancel_command, order_for_many, retry_command
from devices.models import Device
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

MOST = 100
UNKNOWN = "There is no such command."


class BulkCommandSerializer(NewCommandSerializer):
    devices = serializers.ListField(
        child=serializers.CharField(max_length=50), min_length=1, max_length=MOST, help_text="codes or ids"
    )


class BulkResultSerializer(CamelCaseSerializer):
    device = serializers.CharField(required=False, help_text="as it was named")
    id = serializers.UUIDField(required=False, help_text="of the command")
    status = serializers.CharField(help_text="the command's, or rejected")
    error = serializers.CharField(required=False)


class BulkAnswerSerializer(CamelCaseSerializer):
    total = serializers.IntegerField()
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = BulkResultSerializer(many=True, help_text="in the order sent")


class BulkIdsSerializer(CamelCaseSerializer):
    ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST)


class BulkCancelSerializer(BulkIdsSerializer, CancelSerializer):
    pass


class BulkCommandsView(RoutedView, APIView):
    @extend_schema(operation_id="devices_commands_bulk", request=BulkCommandSerializer, responses=BulkAnswerSerializer)
    def post(self, request: Request) -> Response:
        """The same command for up to 100 devices."""
        form = BulkCommandSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        names = list(dict.fromkeys(said.pop("devices")))
        ordered = ordered_by(request, said)
        found = {name: Device.objects.named(name).first() for name in names}
        # A device may be named twice, by code and by id.
        devices = {device.pk: device for device in found.values() if device is not None}
        made = order_for_many(devices=list(devices.values()), **ordered)
        by_device = {ordering.device.pk: ordering for ordering in made}
        results = [_result(name, device and by_device[device.pk]) for name, device in found.items()]
        return _answer(results)


class BulkCancelView(RoutedView, APIView):
    @extend_schema(operation_id="commands_cancel_many", request=BulkCancelSerializer, responses=BulkAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Take back up to 100 commands."""
        form = BulkCancelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        reason = form.validated_data.get("reason", "")
        return _each(form.validated_data["ids"], lambda command: cancel_command(command=command, reason=reason))


class BulkRetryView(RoutedView, APIView):
    @extend_schema(operation_id="commands_retry_many", request=BulkIdsSerializer, responses=BulkAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Try up to 100 commands again."""
        form = BulkIdsSerializer(data=request.data)
        form.is_valid(raise_exception=True)

        def retry(command: DeviceCommand) -> DeviceCommand:
            refuse_beyond_rights(request, command.type)
            return retry_command(command=command)

        return _each(form.validated_data["ids"], retry)


def _each(ids: Sequence[uuid.UUID], work: Callable[[DeviceCommand], DeviceCommand]) -> Response:
    named = dict.fromkeys(ids)
    found = {command.public_id: command for command in DeviceCommand.objects.filter(public_id__in=named)}
    return _answer([_tried(command_id, found.get(command_id), work) for command_id in named])


def _tried(
    command_id: uuid.UUID, command: DeviceCommand | None, work: Callable[[DeviceCommand], DeviceCommand]
) -> dict[str, Any]:
    if command is None:
        return {"id": command_id, "status": "rejected", "error": UNKNOWN}
    try:
        return {"id": command_id, "status": work(command).status}
    except (ValidationError, PermissionDenied) as refusal:
        return {"id": command_id, "status": "rejected", "error": _words(refusal)}


def _result(name: str, ordering: Any) -> dict[str, Any]:
    if ordering is None:
        return {"device": name, "status": "rejected", "error": "There is no such device."}
    if ordering.command is None:
        return {"device": name, "status": "rejected", "error": _words(ordering.refusal)}
    return {"device": name, "id": ordering.command.public_id, "status": ordering.command.status}


def _words(refusal: ValidationError | PermissionDenied) -> str:
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)


def _answer(results: Sequence[dict[str, Any]]) -> Response:
    failed = sum(result["status"] == "rejected" for result in results)
    body = {"total": len(results), "successful": len(results) - failed, "failed": failed, "results": results}
    return Response(BulkAnswerSerializer(body).data)
