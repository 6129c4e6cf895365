"""Connections are shared by requests of all clinics; a scope lives in one transaction and never longer."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from patients.models import Patient
from tenancy.scope import organization_scope
from tests.clinics import Clinic, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
CONNECTIONS = 4
ROUNDS = 40


@pytest.fixture
def pooled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """As in a web process: one small pool for all threads."""
    connection.close()
    options = {**connection.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": CONNECTIONS, "timeout": 30}}
    options.pop("connect_timeout", None)
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    yield
    connection.close()
    pools: Any = connection
    pools.close_pool()


def work(clinics: dict[int, set[int]], seed: int) -> int:
    """Some transactions as random clinics, with errors and savepoints; returns how many saw exactly their own rows."""
    chance = random.Random(seed)
    right = 0
    for _ in range(ROUNDS):
        organization_id = chance.choice(list(clinics))
        try:
            with organization_scope(organization_id), transaction.atomic():
                if chance.random() < 0.3:
                    _fail_in_a_savepoint(chance)
                right += _all_ids() == clinics[organization_id]
                if chance.random() < 0.3:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        with pytest.raises(DatabaseError):
            _all_ids()
        connections.close_all()
    return right


def _fail_in_a_savepoint(chance: random.Random) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(chance.choice(["SELECT 1/0", "SELECT * FROM nowhere", "SELECT 'x'::bigint"]))


def _all_ids() -> set[int]:
    """Without the manager's condition: the database alone is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM patients_patient")
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.promise(6)
def test_pooled_connections_never_carry_a_scope_over(pooled: None) -> None:
    made = [make_clinic(f"clinic-{number}") for number in range(3)]
    clinics = {clinic.organization.id: {patient.id for patient in clinic.patients} for clinic in made}

    with ThreadPoolExecutor(THREADS) as threads:
        right = list(threads.map(lambda seed: work(clinics, seed), range(THREADS)))

    assert right == [ROUNDS] * THREADS
    pooled_connection: Any = connection
    used = pooled_connection.pool.get_stats()
    assert used["requests_num"] >= THREADS * ROUNDS
    assert used["pool_size"] <= CONNECTIONS


def test_a_transaction_that_cannot_be_scoped_is_not_used(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements fail: the connection is closed, so that nothing runs in a transaction without a scope."""
    connection.ensure_connection()
    monkeypatch.setattr("tenancy.scope.Scope.statements", lambda self: ["SELECT nonsense"])
    with pytest.raises(DatabaseError), organization_scope(northside.organization.id), transaction.atomic():
        pytest.fail("entered")
    monkeypatch.undo()

    assert connection.connection is None
    with northside.scope(), transaction.atomic():
        assert Patient.objects.count() == 2
