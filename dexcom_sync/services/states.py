"""Whose consent a state belongs to, before anybody's clinic is in scope."""

from __future__ import annotations

from django.db import connection, transaction

from dexcom_sync.models import ConnectRequest
from dexcom_sync.services.connecting import digest_of
from tenancy.scope import organization_scope


def organization_of_state(state: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id FROM dexcom_organization_by_state(%s)", [digest_of(state)])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def was_begun_by_app(state: str, organization_id: int) -> bool:
    """An app brings the code itself, so that whoever holds the browser has no part in it."""
    with organization_scope(organization_id), transaction.atomic():
        found: ConnectRequest | None = ConnectRequest.objects.filter(state_digest=digest_of(state)).first()
        return found is not None and not bytes(found.session_digest)
