from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.principals import signed_in_person
from devices.commands.api.filters import CommandFilters
from devices.commands.api.serializers import CommandSerializer, CommandWithHistorySerializer, NewCommandSerializer
from devices.commands.models import CommandTemplate, DeviceCommand, DeviceCommandQuerySet
from devices.commands.rights import OPERATE, needs_an_operator
from devices.commands.services import cancel_command, from_template, order_command, retry_command
from devices.models import Device
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer


class CancelSerializer(CamelCaseSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)


class CommandPagination(ItemsPagination):
    ordering = ("-created_at", "-id")


class CommandsView(RoutedView, GenericAPIView[DeviceCommand]):
    queryset = DeviceCommand.objects.none()  # for the schema
    serializer_class = CommandSerializer
    filterset_class = CommandFilters
    pagination_class = CommandPagination

    def get_queryset(self) -> DeviceCommandQuerySet:
        return commands()

    @extend_schema(operation_id="commands_list", responses=CommandSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Of all devices of the clinic, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(CommandSerializer(page, many=True).data)


class CommandView(RoutedView, APIView):
    @extend_schema(responses=CommandWithHistorySerializer)
    def get(self, request: Request, commandId: str) -> Response:
        """With each step that it took."""
        found = commands().prefetch_related("steps").filter(public_id=uuid_or_404(commandId))
        return Response(CommandWithHistorySerializer(one_or_404(found)).data)


class CancelCommandView(RoutedView, APIView):
    @extend_schema(request=CancelSerializer, responses=CommandSerializer)
    def post(self, request: Request, commandId: str) -> Response:
        """Take back a command that has not ended. A device that does it already has its report refused."""
        form = CancelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        cancel_command(command=named_command(commandId), reason=form.validated_data.get("reason", ""))
        return Response(CommandSerializer(named_command(commandId)).data)


class RetryCommandView(RoutedView, APIView):
    @extend_schema(request=None, responses=CommandSerializer)
    def post(self, request: Request, commandId: str) -> Response:
        """Try a command again that failed, timed out or was cancelled."""
        command = named_command(commandId)
        refuse_beyond_rights(request, command.type)
        retry_command(command=command)
        return Response(CommandSerializer(named_command(commandId)).data)


# A docstring here would describe the device's own GET at the same address.
class NewCommandView(RoutedView, APIView):
    @extend_schema(
        operation_id="devices_commands_create", request=NewCommandSerializer, responses={201: CommandSerializer}
    )
    def post(self, request: Request, deviceId: str) -> Response:
        """Have the device do something: it gets it with its next poll, or at once where it listens."""
        device = one_or_404(Device.objects.named(deviceId))
        form = NewCommandSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        command = order_command(device=device, **ordered_by(request, form.validated_data))
        return Response(CommandSerializer(named_command(str(command.public_id))).data, status=201)


def commands() -> DeviceCommandQuerySet:
    found: DeviceCommandQuerySet = DeviceCommand.objects.select_related("device")
    return found


def named_command(command_id: str) -> DeviceCommand:
    return one_or_404(commands().filter(public_id=uuid_or_404(command_id)))


def ordered_by(request: Request, said: dict[str, Any]) -> dict[str, Any]:
    """What the services take. Raises PermissionDenied, and ValidationError for a template that is not there."""
    given = dict(said)
    if template_id := given.pop("template", None):
        template = CommandTemplate.objects.filter(public_id=template_id).first()
        if template is None:
            raise serializers.ValidationError({"template": ["There is no such template."]}, code="unknown")
        given = {**from_template(template), **given}
    refuse_beyond_rights(request, given["type"])
    return given


def refuse_beyond_rights(request: Request, kind: str) -> None:
    """Raises PermissionDenied."""
    if needs_an_operator(kind) and not signed_in_person(request).may(OPERATE):
        raise PermissionDenied("Commands of this type are for the clinic's owners and admins.")
