"""A statement that does not end, and connections that are all in use: 503 with a time to come back, never a 500."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connection

from patients.models import PatientQuerySet
from tests.clinics import Clinic
from tests.live import running_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(45)]


@pytest.fixture
def impatient() -> Any:
    """The role's own limit is 15 seconds; a test does not wait that long."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '200ms'")
    yield
    connection.close()


@pytest.mark.usefixtures("impatient")
def test_a_statement_that_does_not_end_is_ended(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def asleep(self: PatientQuerySet) -> Any:
        return self.extra(where=["pg_sleep(60) IS NULL"])

    monkeypatch.setattr(PatientQuerySet, "current", asleep)
    answer = northside.api("owner").get("/api/v1/patients")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json() == {"detail": "The database is not available at the moment. Please try again."}


@pytest.mark.usefixtures("impatient")
def test_a_refusal_that_the_ledger_cannot_take_in_time_is_told_so(northside: Clinic) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute("LOCK TABLE audit_entry IN EXCLUSIVE MODE")
        answer = northside.api("viewer").get("/api/v1/audit")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        owner.rollback()


def test_the_role_has_limits_of_its_own(northside: Clinic) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
        )
        assert cursor.fetchone() == ("15s", "30s")


@pytest.mark.slow
def test_with_every_connection_in_use_the_others_are_told_when_to_come_back(northside: Clinic) -> None:
    headers = {"Authorization": f"Bearer {northside.access_token('owner')}"}
    with (
        running_server(threads=4, environment={"DB_POOL_MAX": "1"}) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30) as http,
        ThreadPoolExecutor(1) as pool,
    ):
        assert http.get("/api/v1/devices").status_code == 200
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
            owner.execute("LOCK TABLE patients_patient IN ACCESS EXCLUSIVE MODE")
            waiting = pool.submit(http.get, "/api/v1/patients")
            answer = http.get("/api/v1/devices")
            for _ in range(3):
                # The one that waits may not have been first.
                if answer.status_code != 503:
                    answer = http.get("/api/v1/devices")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert http.get("/health").status_code == 200
            owner.rollback()
        # On a slow machine it met the limit of a statement first.
        assert waiting.result().status_code in {200, 503}
        assert http.get("/api/v1/patients").status_code == 200
