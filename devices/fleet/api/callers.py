"""Addresses that a device and its clinic's staff share."""

from __future__ import annotations

from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from accounts.principals import PersonPrincipal
from devices.authentication import DevicePrincipal
from devices.models import Device
from tenancy.api.lookups import one_or_404


def device_of_caller(request: Request, name: str) -> Device:
    """Raises NotFound, in the same words for a missing device, a foreign one, and one that the key is not for."""
    device: Device = one_or_404(Device.objects.named(name))
    caller = request._request.principal  # type: ignore[attr-defined]
    if isinstance(caller, DevicePrincipal) and not caller.may_use_device(device.pk):
        raise NotFound
    return device


def is_person(request: Request) -> bool:
    return isinstance(request._request.principal, PersonPrincipal)  # type: ignore[attr-defined]


def name_of_caller(request: Request) -> str:
    """As records keep it: they outlive people."""
    caller = request._request.principal  # type: ignore[attr-defined]
    return caller.name if isinstance(caller, PersonPrincipal) else "the device"
