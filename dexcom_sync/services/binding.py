"""Whose account a connection opens: known with the first answer, and held from then on."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from dexcom_sync.models import Connection
from dexcom_sync.services import standing


class AccountTaken(Exception):
    """Another patient of the clinic is connected to the same account: one of the two is the wrong person."""


def bind_account(connection: Connection, user_id: str) -> None:
    """Raises AccountTaken, and then the connection is stopped until a person has looked."""
    try:
        with transaction.atomic():
            Connection.objects.filter(pk=connection.pk, dexcom_user_id="").update(dexcom_user_id=user_id)
    except IntegrityError as error:
        standing.quarantine(connection, "account_of_another_patient")
        raise AccountTaken from error
    connection.dexcom_user_id = user_id
