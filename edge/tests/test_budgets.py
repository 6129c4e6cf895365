"""Budgets against abuse: whose they are, and when they are free again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from accounts.principals import PersonPrincipal
from edge import budgets
from edge.budgets import Budgets
from edge.callers import KeyPrincipal, Principal
from edge.refusals import TooManyRequests
from edge.requests import Request
from edge.routes import matching
from edge.tests.asking import Sent

pytestmark = pytest.mark.promise(43)
PATH = "/api/v1/devices/ARGUS_001234/readings"
NUMBER = 7


def request(method: str = "GET") -> Request:
    found = matching(PATH)
    assert found is not None
    return Request(Sent(method, PATH).scope(), _nothing, *found)


async def _nothing() -> dict[str, Any]:
    return {}


def key(organization_id: int = 1) -> KeyPrincipal:
    return KeyPrincipal(NUMBER, organization_id, None, uuid.uuid4(), "key", None)


def person(organization_id: int = 1) -> PersonPrincipal:
    nobody = (uuid.uuid4(), "a@b.example", 1, 1, "Name", "nurse", None, None)
    return PersonPrincipal(NUMBER, *nobody, organization_id, "clinic", "Clinic")


def is_refused(counted: Budgets, principal: Principal | None, method: str = "GET") -> float | None:
    """The seconds to wait."""
    try:
        counted.spend(request(method), principal)
    except TooManyRequests as refusal:
        return refusal.wait
    return None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[float]:
    """Its one element is the time."""
    now = [6000.0]
    monkeypatch.setattr("edge.budgets.time.time", lambda: now[0])
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "2/minute")
    return now


@pytest.mark.usefixtures("clock")
def test_nobody_spends_what_is_anothers() -> None:
    """A key and a person with the same number, the same person in another clinic, nobody, and posts beside reads."""
    counted = Budgets()
    callers: list[tuple[Principal | None, str]] = [
        *((who, "GET") for who in (key(), person(), person(2), key(2), None)),
        (key(), "POST"),
    ]
    for principal, method in callers:
        assert [is_refused(counted, principal, method) for _ in range(3)] == [None, None, 60]


def test_a_window_slides(clock: list[float]) -> None:
    counted = Budgets()
    clock[0] += 50
    assert [is_refused(counted, key()) for _ in range(3)] == [None, None, 10]
    # Of the two in the window before, five sixths count still: one more is free, another is not.
    clock[0] += 20
    assert [is_refused(counted, key()) is None for _ in range(2)] == [True, False]
    clock[0] += 120
    assert [is_refused(counted, key()) is None for _ in range(3)] == [True, True, False]


def test_callers_of_long_ago_are_forgotten(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MOST_CALLERS", 10)
    counted = Budgets()
    for number in range(10):
        assert is_refused(counted, key(number)) is None
    clock[0] += 200
    assert is_refused(counted, key(99)) is None
    assert len(counted._counts) == 1
