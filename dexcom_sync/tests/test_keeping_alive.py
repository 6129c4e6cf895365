"""Tokens that nobody uses are used at least every seven days, each connection's in an hour of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from dexcom_sync.keeping_alive import idle_connections, keep_alive
from dexcom_sync.models import Connection, Token
from dexcom_sync.services import people
from dexcom_sync.tests.connections import again, make_connection
from dexcom_sync.tests.syncing import connect, sandbox_settings
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox(dexcom_sandbox: DexcomSandbox) -> Iterator[DexcomSandbox]:
    with sandbox_settings(dexcom_sandbox):
        yield dexcom_sandbox


def grown_idle(clinic: Clinic, connection: Connection, days: float) -> None:
    then = timezone.now() - timedelta(days=days)
    with clinic.scope(), transaction.atomic():
        Token.objects.filter(connection_id=connection.pk).update(
            refreshed_at=then, access_expires_at=then + timedelta(hours=2)
        )


def test_a_paused_connection_is_kept_alive_and_stays_paused(northside: Clinic, sandbox: DexcomSandbox) -> None:
    connection = connect(northside, sandbox, "SandboxUser7")
    with northside.scope():
        people.pause(connection=connection)
        grown_idle(northside, connection, 5.9)
        assert keep_alive() == 0
        grown_idle(northside, connection, 7)
        assert keep_alive() == 1
        assert keep_alive() == 0
    assert sandbox.tokens("SandboxUser7")["refreshes"] == 1
    assert again(northside, connection).status == Connection.Status.PAUSED


def test_a_paused_connection_whose_consent_is_gone_says_so(northside: Clinic, sandbox: DexcomSandbox) -> None:
    connection = connect(northside, sandbox, "SandboxUser7")
    with northside.scope():
        people.pause(connection=connection)
        grown_idle(northside, connection, 7)
        sandbox.revoke("SandboxUser7")
        assert keep_alive() == 0
    after = again(northside, connection)
    assert (after.status, after.last_error) == (Connection.Status.PAUSED, "invalid_grant")


def test_the_turns_of_a_day_are_spread(northside: Clinic) -> None:
    connection = make_connection(northside, idle=timedelta(days=6.5))
    with northside.scope():
        turn = timezone.now() - timedelta(days=0.5) + timedelta(hours=connection.pk % 24)
        assert idle_connections(turn - timedelta(minutes=5)) == []
        assert idle_connections(turn + timedelta(minutes=5)) == [connection]


@pytest.mark.parametrize("status", ["auth_suspect", "reauth_required", "revoked", "quarantined"])
def test_other_connections_are_left_alone(northside: Clinic, status: str) -> None:
    make_connection(northside, status=status, idle=timedelta(days=30))
    with northside.scope():
        assert idle_connections(timezone.now()) == []
