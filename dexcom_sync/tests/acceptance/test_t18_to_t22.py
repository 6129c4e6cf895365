"""Crashes between pieces, tenants, logs, clocks, and the past beside the present: T18 to T22."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from structlog.testing import capture_logs

from dexcom_sync.limiter import Lane
from dexcom_sync.models import Connection, Egv, Event, Progress, Token
from dexcom_sync.sandbox.world import CLIENT_SECRET
from dexcom_sync.services import people, standing
from dexcom_sync.storing import pages, store_page
from dexcom_sync.storing.readings import bring_to_readings
from dexcom_sync.sync import fetching
from dexcom_sync.sync.claims import claim_one
from dexcom_sync.tests.acceptance.killing import die, dying_after, killed
from dexcom_sync.tests.acceptance.world import HOUR, World
from dexcom_sync.tests.syncing import session
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)

USER = "edge-events"


def before_the_page(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fetching, "store_page", die)


def in_the_transaction(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pages, "bring_to_readings", dying_after(bring_to_readings))


def at_its_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pages, "_summary", die)


def after_the_commit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fetching, "store_page", dying_after(store_page))


STEPS = [before_the_page, in_the_transaction, at_its_end, after_the_commit]


@pytest.mark.parametrize("step", STEPS)
def test_t18_killed_in_the_first_piece(world: World, step: Callable[[pytest.MonkeyPatch], None]) -> None:
    """A page is there with its records and its cursor, or not at all; the next worker goes on."""
    connection = world.connect(USER)
    assert killed(lambda: world.poll(connection), step)

    rows = world.in_clinic(lambda: Egv.objects.count())
    cursor = world.in_clinic(
        lambda: Progress.objects.filter(resource="egvs").values_list("synced_through", flat=True).first()
    )
    assert (rows > 0) == (cursor is not None) == (step is after_the_commit)
    world.lease_runs_out(connection)
    world.read_everything(connection)
    world.is_as_in_the_ledger(connection, USER)


@pytest.mark.parametrize(
    "step",
    [in_the_transaction, *(pytest.param(s, marks=pytest.mark.nightly) for s in STEPS if s != in_the_transaction)],
)
def test_t18_killed_in_the_past(world: World, step: Callable[[pytest.MonkeyPatch], None]) -> None:
    """T18. Who comes next begins at the checkpoint: a piece that was kept is not asked for again."""
    connection = world.connect(USER)
    world.poll(connection)
    assert killed(world.read_past, step)
    last = world.sandbox.log()[-1]
    assert world.state(connection).is_backfilling
    world.lease_runs_out(connection)
    world.read_past()

    later = world.sandbox.log(since=last["number"])
    again = [call for call in later if (call["endpoint"], call["query"]) == (last["endpoint"], last["query"])]
    assert len(again) == (0 if step is after_the_commit else 1)
    assert not world.state(connection).is_backfilling
    world.is_as_in_the_ledger(connection, USER)


def test_t19_tokens_of_another_clinic(world: World, southside: Clinic) -> None:
    """T19. Neither through models nor through SQL."""
    connection = world.connect(USER)
    with southside.scope(), transaction.atomic():
        assert not Token.objects.filter(connection_id=connection.pk).exists()
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM dexcom_sync_token")
            assert cursor.fetchone() == (0,)
        assert claim_one(connection.pk) is None
    with world.clinic.scope(), transaction.atomic():
        assert Token.objects.filter(connection_id=connection.pk).exists()


def test_t20_nothing_secret_in_logs(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """T20. Through a life with every kind of trouble: no token, secret or note."""
    caplog.set_level(logging.DEBUG)
    secrets = {CLIENT_SECRET, "A walk along the river", "Dinner out"}
    with capture_logs() as told:
        connection = world.connect(USER)
        secrets |= {world.token(connection).access, world.token(connection).refresh}
        for kind in ("eof", "truncated", "html", "no_records"):
            world.sandbox.fault({"endpoint": "data"}, kind)
        world.poll(connection)
        world.read_past()
        world.wait(3 * HOUR)
        world.sandbox.fault({"grant_type": "refresh_token"}, "status", status=400, error="strange", shape="html")
        world.poll(connection)
        world.wait(HOUR)
        world.poll(connection)
        secrets |= {world.token(connection).access, world.token(connection).refresh}
        world.sandbox.revoke(USER)
        world.poll(connection)
        world.sandbox.fault({"endpoint": "data"}, "other_user", times=None)
    assert world.in_clinic(lambda: [event for event in Event.objects.all() if event.text == "A walk along the river"])
    written = caplog.text + repr(told) + repr([vars(record) for record in caplog.records])

    assert [secret[:6] for secret in secrets if secret in written] == []
    assert "dexcom" in written


@pytest.mark.parametrize("minutes", [5, -5])
def test_t21_our_clock_is_wrong(world: World, minutes: int) -> None:
    """T21. Tokens are refreshed in time, and nothing of the future is asked for."""
    world.clock.shift(timedelta(minutes=minutes))
    connection = world.connect("edge-values")
    for _ in range(6):
        world.read_everything(connection)
        world.wait(timedelta(minutes=45))

    calls = [call for call in world.sandbox.log() if call["endpoint"] != "login"]
    assert {call["status"] for call in calls} == {200}
    assert len(world.refreshes()) >= 1
    for call in calls:
        if end := call["query"].get("endDate"):
            assert end <= _text(call["at"])


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_t22_the_past_does_not_hold_up_the_present(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22, small: between any two pieces of the past the present is read, and neither cursor moves the other back.
    How fast with 500 connections: the part dexcom of the benchmarks.
    """
    connection = world.connect(USER)
    world.poll(connection)
    polled: list[dict[str, str]] = []

    def and_poll(*arguments: object, **named: object) -> object:
        stored = store_page(*arguments, **named)  # type: ignore[arg-type]
        if len(polled) < 2:
            world.wait(7 * HOUR)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(fetching, "store_page", store_page)
                polled.append(world.poll(connection).failed)
        return stored

    monkeypatch.setattr(fetching, "store_page", and_poll)
    world.read_past()

    assert polled == [{}, {}]
    world.is_as_in_the_ledger(connection, USER)
    assert world.state(connection).status == Connection.Status.ACTIVE


def test_withdrawn_while_a_worker_holds_the_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """DELETE in the middle of a cycle: what was on its way is not kept, tokens are gone, and no refresh brings them."""
    connection = world.connect(USER)

    def withdrawn_first(*arguments: object, **named: object) -> object:
        with world.clinic.scope():
            people.disconnect(connection=connection)
        return store_page(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(fetching, "store_page", withdrawn_first)
    world.poll(connection)

    state = world.state(connection)
    assert (state.status, state.next_due_at) == (Connection.Status.REVOKED, None)
    assert world.in_clinic(lambda: (Egv.objects.count(), Token.objects.count())) == (0, 0)


def test_connected_again_while_a_worker_is_refused(world: World) -> None:
    """The doubt about the former consent is none about the new one."""
    connection = world.connect(USER)
    world.poll(connection)
    with world.clinic.scope():
        held = claim_one(connection.pk)
        assert held is not None
    stale = session(held, Lane.HOT)
    world.sandbox.revoke(USER, "403")
    world.wait(timedelta(minutes=5))
    again = world.connect(USER)
    with world.clinic.scope():
        assert not standing.suspect(stale.connection, "forbidden")
    assert world.state(again).status == Connection.Status.ACTIVE
