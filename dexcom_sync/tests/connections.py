"""Connections as rows, for tests that call nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from dexcom_sync.models import Connection, Token
from tests.clinics import Clinic

APPLICATIONS = {"sandbox": ("sandbox-client", "sandbox-secret")}


def make_connection(clinic: Clinic, *, patient: int = 0, idle: timedelta | None = None, **values: Any) -> Connection:
    """``idle``: with a pair of tokens that was not used for so long."""
    now = timezone.now()
    begun: dict[str, Any] = {"region": "sandbox", "status": "active", "authorized_at": now, **values}
    with clinic.scope(), transaction.atomic():
        connection: Connection = Connection.objects.create(patient=clinic.patients[patient], **begun)
        if idle is not None:
            Token.objects.create(
                connection=connection, patient_id=connection.patient_id, access="a", refresh="r",
                access_expires_at=now - idle + timedelta(hours=2), refreshed_at=now - idle,
            )  # fmt: skip
    return connection


def again(clinic: Clinic, connection: Connection) -> Connection:
    with clinic.scope(), transaction.atomic():
        found: Connection = Connection.objects.get(pk=connection.pk)
        return found
