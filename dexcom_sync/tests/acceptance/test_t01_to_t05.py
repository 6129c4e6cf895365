"""Tokens: T1 to T5."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections

from dexcom_sync.applications import limiter_of
from dexcom_sync.limiter import Lane
from dexcom_sync.models import Connection
from dexcom_sync.records.outcomes import Resource
from dexcom_sync.sandbox.world import CLIENT_ID
from dexcom_sync.services import escrow, standing, tokens
from dexcom_sync.sync import session as sessions
from dexcom_sync.tests.acceptance.killing import die, dying_after, killed
from dexcom_sync.tests.acceptance.world import DAY, HOUR, World
from dexcom_sync.tests.syncing import session

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 20
Status = Connection.Status
USER = "edge-settings"


@pytest.mark.promise(35)
@pytest.mark.parametrize("old_access", ["valid", "dies"])
def test_t1_twenty_workers_and_one_expired_token(
    world: World, old_access: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T1. All of them read; the sandbox saw one refresh, and no token twice."""
    monkeypatch.setattr(tokens, "OTHERS_WAIT", 40.0)
    connection = world.connect(USER)
    world.poll(connection)
    world.configure(old_access=old_access)
    world.sandbox.expire_access(USER)
    ready, read, failed = threading.Barrier(WORKERS), [], []

    def work() -> None:
        try:
            with world.clinic.scope():
                ready.wait(timeout=30)
                read.append(session(world.state(connection), Lane.HOT).get(Resource.DATA_RANGE))
        except Exception as error:  # noqa: BLE001  # a thread has nobody to raise to
            failed.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert failed == []
    assert len(read) == WORKERS
    assert len(world.refreshes()) == 1
    assert world.sandbox.tokens(USER)["reuse_attempts"] == 0
    assert world.token(connection).generation == 2


@pytest.mark.parametrize("refresh_reuse", ["reject_only", "kills_family"])
def test_t2_a_lost_answer(world: World, refresh_reuse: str) -> None:
    """T2. In doubt, with the reason; after thirty hours to be connected again; the other connection goes on."""
    world.configure(refresh_reuse=refresh_reuse)
    connection, other = world.connect(USER), world.connect("edge-values", patient=1)
    world.poll(connection)
    world.poll(other)
    world.wait(3 * HOUR)
    world.sandbox.fault({"grant_type": "refresh_token", "user": USER}, "lost_response")

    world.poll(connection)
    assert (world.state(connection).status, world.state(connection).last_error) == (
        Status.AUTH_SUSPECT,
        standing.LOST_ANSWER,
    )
    for hours in (2, 4, 8, 16):
        assert world.state(connection).status == Status.AUTH_SUSPECT
        world.wait(timedelta(hours=hours, minutes=1))
        assert world.poll(other).failed == {}
        world.poll(connection)

    ended = world.state(connection)
    assert (ended.status, ended.last_error, ended.next_due_at) == (Status.REAUTH_REQUIRED, standing.LOST_ANSWER, None)
    assert world.state(other).status == Status.ACTIVE
    assert len([call for call in world.refreshes() if call["user"] == USER]) == 2 + 4


def test_a_person_s_impatience_is_no_probe(world: World) -> None:
    """A consent in doubt is given its thirty hours, however often somebody asks for a sync."""
    connection = world.connect(USER)
    world.poll(connection)
    world.sandbox.revoke(USER)
    for _ in range(6):
        world.poll(connection)

    state = world.state(connection)
    assert (state.status, state.probes) == (Status.AUTH_SUSPECT, 0)
    assert state.next_due_at is not None
    assert state.suspect_since is not None
    assert state.next_due_at - state.suspect_since >= 2 * HOUR - timedelta(seconds=1)


def before_intent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tokens, "_claim", die)


def after_intent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sessions.Session, "_refresh", die)


def after_the_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sessions.Session, "_refresh", dying_after(sessions.Session._refresh))


def before_store(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tokens, "_store", die)


def in_the_store(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escrow, "forget_after_commit", die)


def after_store(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tokens, "_store", dying_after(tokens._store))


@pytest.mark.parametrize(
    ("step", "is_kept"),
    [
        (before_intent, True),
        (after_intent, True),
        (after_the_answer, False),
        (before_store, False),
        (in_the_store, False),
        (after_store, True),
    ],
)
def test_t3_killed_in_the_middle_of_a_refresh(
    world: World, step: Callable[[pytest.MonkeyPatch], None], is_kept: bool
) -> None:
    """T3. The next worker goes on; where the answer died with the first, the state says so; nobody tries for ever."""
    connection = world.connect(USER)
    world.poll(connection)
    world.wait(3 * HOUR)

    assert killed(lambda: world.poll(connection), step)
    world.lease_runs_out(connection)
    if step not in (before_intent, after_store):
        # Whoever comes at once must not spend the token as well.
        calls = len(world.refreshes())
        world.poll(connection)
        assert len(world.refreshes()) == calls
        assert world.state(connection).status == Status.ACTIVE
        world.claim_runs_out(connection)
    outcome = world.poll(connection)

    state = world.state(connection)
    if is_kept:
        assert (state.status, outcome.failed) == (Status.ACTIVE, {})
        assert world.sandbox.tokens(USER)["reuse_attempts"] == 0
    else:
        assert (state.status, state.last_error) == (Status.AUTH_SUSPECT, standing.LOST_ANSWER)
    assert len(world.refreshes()) <= 2
    assert world.token(connection).intended_at is None


def test_t3_a_pair_that_could_not_be_stored_is_in_escrow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """T3. The database did not take it: another worker finds it, and the old token is not spent again."""
    connection = world.connect(USER)
    world.poll(connection)
    world.wait(3 * HOUR)

    def away(*_: Any) -> Any:
        raise OperationalError("The database is away.")

    with monkeypatch.context() as patch:
        patch.setattr(tokens, "_store", away)
        patch.setattr(tokens, "STORE_TRIES", 1)
        assert world.poll(connection).failed.keys() <= {"token"}
    assert world.token(connection).generation == 1
    world.claim_runs_out(connection)

    assert world.poll(connection).failed == {}
    assert world.token(connection).generation == 2
    assert len(world.refreshes()) == 1
    with world.clinic.scope():
        assert escrow.look(connection, after=1) is None


def test_t4_our_secret_is_refused(world: World) -> None:
    """T4. All calls of the application stop, and no connection changes its state."""
    first, second = world.connect(USER), world.connect("edge-values", patient=1)
    world.poll(first)
    world.wait(3 * HOUR)
    world.sandbox.register(client_id=CLIENT_ID, client_secret="another")
    try:
        assert world.poll(first).failed == {"application": "invalid_client"}
        calls = len(world.sandbox.log())
        world.poll(second)
        world.poll(first)

        assert len(world.sandbox.log()) == calls
        assert limiter_of("sandbox").stopped_because() == "invalid_client"
        for connection in (first, second):
            state = world.state(connection)
            assert (state.status, state.suspect_since) == (Status.ACTIVE, None)
        assert world.state(second).last_ok_at is None
    finally:
        limiter_of("sandbox").resume()


@pytest.mark.parametrize("shape", ["errors", "message", "empty", "html"])
def test_t5_refusals_that_nobody_can_read(world: World, shape: str) -> None:
    """T5. Three in a row: at worst in doubt; then connected again by itself, with nothing erased."""
    connection = world.connect(USER)
    world.poll(connection)
    world.wait(3 * HOUR)
    world.sandbox.fault(
        {"grant_type": "refresh_token"}, "status", status=400, error="strange_weather", shape=shape, times=3
    )
    seen = []
    for _ in range(3):
        world.poll(connection)
        seen.append(world.state(connection).status)
        world.wait(timedelta(minutes=6))
    world.wait(DAY / 12)

    assert seen[:2] == [Status.ACTIVE] * 2
    assert seen[2] in (Status.ACTIVE, Status.AUTH_SUSPECT)
    assert world.poll(connection).failed == {}
    state = world.state(connection)
    assert (state.status, state.last_error, state.refusals) == (Status.ACTIVE, "", 0)
    assert world.token(connection).generation == 2
