"""Statements that are sent together: in their order, and one that fails undoes all of them with its own error."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from django.db import transaction as django_transaction

from devices.models import Device
from edge.database import PooledDatabase, PooledTransaction, Transaction
from readings.store.statements import NOTE_CONTACT
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
FAILS = "SELECT 1 / %(number)s"
ZERO = {"number": 0}


def with_database(work: Callable[[PooledDatabase], Awaitable[Any]]) -> Any:
    async def do() -> Any:
        database = PooledDatabase(os.environ["DATABASE_EDGE_URL"], smallest=1, largest=1)
        await database.open()
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(do())


def contact(clinic: Clinic) -> dict[str, Any]:
    return {
        "organization_id": [clinic.organization.id],
        "device_id": [clinic.devices[0].id],
        "battery_level": [42],
        "signal_is_poor": [None],
    }


def battery(clinic: Clinic) -> int | None:
    with clinic.scope(), django_transaction.atomic():
        found: int | None = Device.objects.get(pk=clinic.devices[0].pk).battery_level
        return found


def test_what_is_deferred_runs_before_what_follows_and_is_committed(northside: Clinic) -> None:
    async def work(database: PooledDatabase) -> Any:
        async with database.transaction([northside.organization.id]) as transaction:
            transaction.defer("SET LOCAL app.first = 'told'")
            (row,) = await transaction.fetch("SELECT current_setting('app.first'), %(number)s::int", {"number": 7})
            transaction.defer(NOTE_CONTACT, contact(northside))
        return row

    assert with_database(work) == ("told", 7)
    assert battery(northside) == 42


async def fail_before_a_question(transaction: Transaction) -> None:
    transaction.defer(FAILS, ZERO)
    await transaction.fetch("SELECT 1", {})


async def fail_at_the_commit(transaction: Transaction) -> None:
    transaction.defer(FAILS, ZERO)


async def fail_before_another_at_the_commit(transaction: Transaction) -> None:
    transaction.defer(FAILS, ZERO)
    transaction.defer("SELECT 2", {})


@pytest.mark.parametrize("fail", [fail_before_a_question, fail_at_the_commit, fail_before_another_at_the_commit])
def test_a_deferred_statement_that_fails_undoes_all_with_its_own_error(
    northside: Clinic, fail: Callable[[Transaction], Awaitable[None]]
) -> None:
    async def fail_in_a_transaction(database: PooledDatabase) -> None:
        async with database.transaction([northside.organization.id]) as transaction:
            transaction.defer(NOTE_CONTACT, contact(northside))
            await fail(transaction)

    async def work(database: PooledDatabase) -> Any:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await fail_in_a_transaction(database)
        # The same connection.
        async with database.transaction([northside.organization.id]) as transaction:
            return await transaction.fetch("SELECT 1", {})

    assert with_database(work) == [(1,)]
    assert battery(northside) is None


def test_a_transaction_that_asks_nothing_costs_nothing(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(database: PooledDatabase) -> None:
        monkeypatch.setattr(PooledTransaction, "_execute", None)
        async with database.transaction([northside.organization.id]):
            pass

    with_database(work)
