from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from audit.actions import Action
from audit.looks import COVERED_SECONDS, add_covered_looks
from audit.models import Entry
from audit.occasion import Actor, Occasion, occasion
from audit.services import record_look
from tenancy.redis import limits_client
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(56)]

NURSE = Occasion(actor=Actor("person", id="nurse", name="Nora", role="nurse"), session="sign-in-1", request_id="r1")


@pytest.fixture(autouse=True)
def nothing_is_covered(db: None) -> None:
    client = limits_client()
    if keys := list(client.scan_iter("audit:*")):
        client.delete(*keys)


def look(clinic: Clinic, who: Occasion = NURSE, *, patient: int = 0, kind: str = "readings.current") -> None:
    with clinic.scope(), transaction.atomic(), occasion(who):
        record_look(kind=kind, patient_id=clinic.patients[patient].pk)


def looks(clinic: Clinic) -> list[Entry]:
    with clinic.scope(), transaction.atomic():
        return list(Entry.objects.filter(action=Action.READ).order_by("at", "id"))


def end_of_the_quarter(client: redis.Redis) -> None:
    """As if 15 minutes had passed: what covers is gone."""
    for key in client.scan_iter("audit:*:covered:*"):
        assert 0 < client.ttl(key) <= COVERED_SECONDS
        client.delete(key)


OTHERS: list[Callable[[Clinic], None]] = [
    lambda clinic: look(clinic, patient=1),
    lambda clinic: look(clinic, kind="readings.history"),
    lambda clinic: look(clinic, replace(NURSE, session="sign-in-2")),
    lambda clinic: look(clinic, replace(NURSE, actor=Actor("person", id="owner"))),
]


@pytest.mark.parametrize("other", OTHERS, ids=["patient", "kind", "sign-in", "person"])
def test_a_repeated_look_is_covered_and_another_is_not(northside: Clinic, other: Callable[[Clinic], None]) -> None:
    look(northside)
    look(northside)
    assert len(looks(northside)) == 1

    other(northside)
    assert len(looks(northside)) == 2


def test_covered_looks_are_added_once_when_their_quarter_is_over(northside: Clinic) -> None:
    for _ in range(4):
        look(northside)
    assert add_covered_looks() == 0

    end_of_the_quarter(limits_client())
    assert add_covered_looks() == 1
    assert add_covered_looks() == 0

    first, further = looks(northside)
    assert (further.count, further.actor_name, further.session) == (3, "Nora", "sign-in-1")
    assert further.patient_id == first.patient_id == northside.patients[0].pk
    assert further.reason.startswith("3 further looks until ")


def test_a_look_that_is_rolled_back_covers_nothing(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic(), occasion(NURSE):
        record_look(kind="readings.current", patient_id=northside.patients[0].pk)
        transaction.set_rollback(True)
    assert looks(northside) == []

    look(northside)
    assert len(looks(northside)) == 1


def test_exports_and_history_are_never_covered(northside: Clinic) -> None:
    for _ in range(2):
        with northside.scope(), transaction.atomic(), occasion(NURSE):
            record_look(kind="patients.history", patient_id=northside.patients[0].pk, always=True)

    assert len(looks(northside)) == 2


def test_without_valkey_every_look_writes_an_entry(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LIMITS_REDIS_URL", "redis://127.0.0.1:1/0")
    limits_client.cache_clear()
    try:
        look(northside)
        look(northside)
    finally:
        monkeypatch.undo()
        limits_client.cache_clear()

    assert len(looks(northside)) == 2


def test_a_clinic_that_fails_does_not_stop_the_rest_and_loses_no_count(northside: Clinic) -> None:
    client, gone = limits_client(), 987_654_321
    look(northside)
    look(northside)
    prefix, own = f"audit:{connection.settings_dict['NAME']}", northside.organization.id
    for kept in ("looks", "looks:who"):
        client.copy(f"{prefix}:{own}:{kept}", f"{prefix}:{gone}:{kept}")
    client.sadd(f"{prefix}:looks", gone)
    end_of_the_quarter(client)

    assert add_covered_looks() == 1
    assert list(client.hvals(f"{prefix}:{gone}:looks")) == [b"1"]
    assert add_covered_looks() == 0
    assert client.smembers(f"{prefix}:looks") == {str(gone).encode()}
