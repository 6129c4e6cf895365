"""Keys of the default cache: each carries its organization, so that two clinics never share an entry."""

from __future__ import annotations

from tenancy.scope import current_organization_id

WITHOUT_ORGANIZATION = "platform"


def organization_key(key: str, key_prefix: str, version: int) -> str:
    organization_id = current_organization_id()
    owner = WITHOUT_ORGANIZATION if organization_id is None else f"organization-{organization_id}"
    return f"{key_prefix}:{owner}:{version}:{key}"
