"""Keys of the default cache: each carries its organization, so that two clinics never share an entry."""

from __future__ import annotations

from typing import Any

from django_redis.serializers.base import BaseSerializer

from tenancy.scope import current_organization_id

WITHOUT_ORGANIZATION = "platform"


def organization_key(key: str, key_prefix: str, version: int) -> str:
    organization_id = current_organization_id()
    owner = WITHOUT_ORGANIZATION if organization_id is None else f"organization-{organization_id}"
    return f"{key_prefix}:{owner}:{version}:{key}"


class Bytes(BaseSerializer):
    """For caches that hold bytes only: what comes back is never unpickled."""

    def dumps(self, value: Any) -> bytes:
        return bytes(value)

    def loads(self, value: bytes) -> bytes:
        return value
