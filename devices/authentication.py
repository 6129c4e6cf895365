"""Who posts: a device's key, or a clinic's own key for all its devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.db import connection

from devices.keys import digest_of, may_be_a_key
from tenancy.scope import Scope


@dataclass(frozen=True, slots=True)
class DevicePrincipal:
    """``device_id`` None: the key may act for every device of its clinic."""

    key_id: int
    organization_id: int
    device_id: int | None

    is_authenticated: ClassVar[bool] = True

    @property
    def scope(self) -> Scope:
        return Scope(self.organization_id)

    def may_use_device(self, device_id: int) -> bool:
        return self.device_id is None or self.device_id == device_id


def device_principal(key: str) -> DevicePrincipal | None:
    """The principal of a live key of an active clinic; None for every other text."""
    if not may_be_a_key(key):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id, organization_id, device_id FROM devices_live_key(%s)", [digest_of(key)])
        row = cursor.fetchone()
    return DevicePrincipal(*row) if row else None
