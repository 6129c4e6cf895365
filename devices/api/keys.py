"""Keys of a device. The text of a key is in the answer that makes it, and nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.models import Device, DeviceKey, DeviceKeyQuerySet
from devices.services import IssuedKey, issue_key, revoke_key, rotate_key
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField


class DeviceKeySerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    device = serializers.CharField(source="device.code", allow_null=True, help_text="null: every device of the clinic")

    class Meta:
        model = DeviceKey
        fields = ["id", "device", "name", "prefix", "created_at", "expires_at", "revoked_at", "last_used_at"]


class IssuedKeySerializer(DeviceKeySerializer):
    key = serializers.CharField(help_text="shown this once")

    class Meta(DeviceKeySerializer.Meta):
        fields = [*DeviceKeySerializer.Meta.fields, "key"]


class NewKeySerializer(CamelCaseSerializer):
    name = serializers.CharField(required=False, allow_blank=True, max_length=100)
    expires_at = InstantField(required=False, allow_null=True, help_text="never, where it is not given")

    def validate_expires_at(self, instant: datetime | None) -> datetime | None:
        if instant is not None and instant <= timezone.now():
            raise serializers.ValidationError("The key would have expired already.", code="past")
        return instant


class KeyPagination(ItemsPagination):
    ordering = "-created_at"


class DeviceKeysView(RoutedView, ListModelMixin, GenericAPIView[DeviceKey]):
    serializer_class = DeviceKeySerializer
    pagination_class = KeyPagination
    queryset = DeviceKey.objects.none()  # for the schema, which knows no device

    def get_queryset(self) -> DeviceKeyQuerySet:
        device = one_or_404(Device.objects.named(self.kwargs["deviceId"]))
        keys: DeviceKeyQuerySet = DeviceKey.objects.filter(device=device).select_related("device")
        return keys

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The device's keys, newest first, ended ones too. Their text is not kept."""
        return self.list(request, *args, **kwargs)

    @extend_schema(request=NewKeySerializer, responses={201: IssuedKeySerializer})
    def post(self, request: Request, deviceId: str) -> Response:
        """A new key; at most two live at a time."""
        device = one_or_404(Device.objects.named(deviceId))
        form = NewKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return show_once(issue_key(device=device, **form.validated_data))


class RotateKeyView(RoutedView, APIView):
    @extend_schema(request=None, responses={201: IssuedKeySerializer})
    def post(self, request: Request, keyId: str) -> Response:
        """A successor; the old key works for 7 days more."""
        return show_once(rotate_key(key=find_key(keyId)))


class KeyView(RoutedView, APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, keyId: str) -> Response:
        """Revoke: refused from the next request on."""
        revoke_key(key=find_key(keyId))
        return Response(status=204)


def find_key(key_id: str) -> DeviceKey:
    key: DeviceKey = one_or_404(DeviceKey.objects.filter(public_id=uuid_or_404(key_id)))
    return key


def show_once(issued: IssuedKey) -> Response:
    body = {**DeviceKeySerializer(issued.key).data, "key": issued.text}
    return Response(body, status=201)
