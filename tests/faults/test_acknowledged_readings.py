"""Every reading that was answered with 201 is in the database, once, whatever dies meanwhile."""

from __future__ import annotations

import os

import httpx
import pytest

from tests.faults.installation import Installation, wait_until
from tests.faults.posters import Posters

pytestmark = pytest.mark.slow
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
# 409: stored before the kill, but the answer was lost. 429: the slot of a post that died holds for its second.
EXPECTED = {201, 409, 429, 503}


def kill_server(system: Installation, posters: Posters) -> None:
    system.kill_server()
    system.start_server()


def kill_worker(system: Installation, posters: Posters) -> None:
    system.start_worker()
    posters.wait_for_more(30)
    system.kill_worker()


def kill_postgres(system: Installation, posters: Posters) -> None:
    """And see that while it is away callers are told when to come back."""
    system.kill("PostgreSQL")
    refused = posters.answers[503]
    wait_until(lambda: posters.answers[503] > refused)
    system.start_services()


def kill_valkey(system: Installation, posters: Posters) -> None:
    """Readings go on without it."""
    system.kill("Valkey")
    posters.wait_for_more(60)
    assert system.post_one(0) == 201
    system.start_services()


@pytest.mark.parametrize("kill", [kill_server, kill_worker, kill_postgres, kill_valkey])
def test_what_was_acknowledged_survives_a_kill(system: Installation, kill: object) -> None:
    with Posters(system) as posters:
        for _ in range(ROUNDS):
            posters.wait_for_more(60)
            kill(system, posters)  # type: ignore[operator]
            posters.wait_for_more(60)
    assert set(posters.answers) <= EXPECTED
    # A server that lives answers every post, whatever it has lost.
    assert kill is kill_server or posters.unanswered == 0
    stored = system.stored()
    assert len(stored) == len(set(stored))
    assert posters.acknowledged <= set(stored)


def test_a_server_that_is_told_to_stop_answers_what_it_stores(system: Installation) -> None:
    """Nothing is stored of a post that got no answer, so that a device may trust what it heard."""
    before = set(system.stored())
    with Posters(system, repeat=False) as posters:
        posters.wait_for_more(60)
        assert system.stop_server() == 0
        wait_until(lambda: posters.unanswered > 0)
    system.start_server()
    assert set(system.stored()) - before == posters.acknowledged


def test_a_server_starts_without_the_database_and_serves_when_it_is_there(system: Installation) -> None:
    system.kill_server()
    system.kill("PostgreSQL")
    system.start_server()
    assert httpx.get(f"{system.address}/readyz", timeout=30).json()["failing"] == ["database"]
    assert system.post_one(1) == 503
    system.start_services()
    wait_until(lambda: system.post_one(1) == 201)
    wait_until(lambda: "database" not in httpx.get(f"{system.address}/readyz", timeout=30).json()["failing"])
