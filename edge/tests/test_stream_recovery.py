"""What listeners have when a connection, a client, Valkey or the server itself fails them: all of it, or a reset."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from edge.tests.streaming import Socket, lines, post_batch, socket
from glucose_platform import embedded
from readings.rows import ReadingRow
from readings.services import store_readings
from tenancy.live import MOST_AT_ONCE, Notice, publish_after_commit, stream_key
from tenancy.redis import limits_client
from tests.clinics import Clinic
from tests.live import running_server

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 50


def is_reading(event: dict[str, Any]) -> bool:
    """On a slow machine a ping may come between."""
    return bool(event["type"] == "reading.created")


def values(heard: Socket, number: int) -> list[int]:
    return [heard.until(is_reading)["data"]["glucoseValue"] for _ in range(number)]


def test_whoever_comes_back_has_missed_nothing(live_url: str, northside: Clinic, southside: Clinic) -> None:
    token = northside.access_token("owner")
    with socket(live_url, token) as heard:
        post_batch(live_url, northside, 101, 102, 103)
        last = heard.next()["id"]
    post_batch(live_url, southside, 77)
    post_batch(live_url, northside, 104)
    with socket(live_url, token, f"/ws/vitals?lastEventId={last}") as heard:
        post_batch(live_url, northside, 105)
        assert values(heard, 4) == [102, 103, 104, 105]
    headers = {"Last-Event-ID": last}
    with lines(live_url, token, **headers) as other:
        assert other.next()[1]["type"] == "stream.opened"
        assert other.last_id == last
        assert [other.next()[1]["data"]["glucoseValue"] for _ in range(4)] == [102, 103, 104, 105]


def test_whoever_has_heard_nothing_yet_can_come_back_too(live_url: str, northside: Clinic) -> None:
    token = northside.access_token("owner")
    with socket(live_url, token) as heard:
        begun = heard.opened["id"]
    post_batch(live_url, northside, 101)
    with socket(live_url, token, f"/ws/vitals?lastEventId={begun}") as heard:
        assert values(heard, 1) == [101]


@pytest.mark.parametrize("last", ["1-1", "9999999999999-0", "nonsense", "1%0aevent:%20close"])
def test_a_gap_is_told(live_url: str, northside: Clinic, last: str) -> None:
    token = northside.access_token("owner")
    with socket(live_url, token, f"/ws/vitals?lastEventId={last}") as heard:
        reset = heard.next()
        assert (reset["type"], reset["id"]) == ("stream.reset", heard.opened["id"])
        post_batch(live_url, northside, 101)
        assert values(heard, 1) == [101]


def test_a_stream_that_was_forgotten_is_a_gap(live_url: str, northside: Clinic) -> None:
    token = northside.access_token("owner")
    with socket(live_url, token) as heard:
        begun = heard.opened["id"]
    limits_client().delete(stream_key(northside.organization.id))
    post_batch(live_url, northside, 101)
    with socket(live_url, token, f"/ws/vitals?lastEventId={begun}") as heard:
        assert heard.next()["type"] == "stream.reset"


def test_a_change_of_the_past_is_a_reset(live_url: str, northside: Clinic) -> None:
    notice = Notice("device.status", datetime.now(UTC), device_id=northside.devices[0].pk)
    with socket(live_url, northside.access_token("owner"), "/ws/live-data") as heard:
        for number in (MOST_AT_ONCE + 1, 1):
            with northside.scope(), transaction.atomic():
                publish_after_commit([notice] * number)
        assert [heard.next()["type"] for _ in range(2)] == ["stream.reset", "device.status"]


def test_what_is_rolled_back_is_not_told(live_url: str, northside: Clinic) -> None:
    with socket(live_url, northside.access_token("owner")) as heard:
        with northside.scope(), transaction.atomic():
            store_readings(rows=[ReadingRow(northside.devices[0].pk, datetime.now(UTC), 99)])
            transaction.set_rollback(True)
        northside.store(100)
        assert values(heard, 1) == [100]


def test_where_nobody_listens_nothing_is_kept(live_url: str, northside: Clinic) -> None:
    key = stream_key(northside.organization.id)
    post_batch(live_url, northside, 101)
    assert not limits_client().exists(key)
    with socket(live_url, northside.access_token("owner")):
        assert 0 < limits_client().ttl(key) <= 300


def test_a_slow_client_is_dropped_and_a_fast_one_has_all(live_url: str, northside: Clinic) -> None:
    """Many times what its queue and the network's buffers hold, while it reads nothing."""
    token = northside.access_token("owner")
    url = f"{live_url.replace('http', 'ws', 1)}/ws/device-status"
    headers = {"Authorization": f"Bearer {token}"}
    notice = Notice("device.status", datetime.now(UTC), device_id=northside.devices[0].pk, data={"note": "x" * 10_000})
    with (
        connect(url, additional_headers=headers, proxy=None, max_queue=1) as slow,
        socket(live_url, token, "/ws/device-status") as fast,
    ):
        for _ in range(ROUNDS):
            with northside.scope(), transaction.atomic():
                publish_after_commit([notice] * 100)
            assert [fast.next()["type"] for _ in range(100)] == ["device.status"] * 100
        assert 0 < received_until_closed(slow) < ROUNDS * 100


def received_until_closed(connection: ClientConnection) -> int:
    received = 0
    try:
        while connection.recv(timeout=10):
            received += 1
    except ConnectionClosed:
        pass
    return received


@dataclass
class OwnValkey:
    """A Valkey of this test's own, so that it can be killed."""

    state: Path
    url: str

    def kill(self) -> None:
        (pid,) = [one.pid for one in embedded.status(self.state).services if one.pid is not None]
        os.kill(pid, signal.SIGKILL)

    def start(self) -> None:
        embedded.start(self.state, volatile=True, database=False)


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    services = embedded.start(tmp_path, volatile=True, database=False)
    yield OwnValkey(tmp_path, services.addresses["REDIS_URL"])
    embedded.stop(tmp_path)


def test_valkey_is_killed(northside: Clinic, own_valkey: OwnValkey) -> None:
    """Posts go on, streams stay open, and listeners are told that they missed something."""
    with (
        running_server(environment={"REDIS_URL": own_valkey.url}) as address,
        socket(address, northside.access_token("owner")) as heard,
    ):
        post_batch(address, northside, 101)
        assert values(heard, 1) == [101]
        own_valkey.kill()
        post_batch(address, northside, 102)
        post_batch(address, northside, 103)
        own_valkey.start()
        assert heard.until(lambda event: event["type"] != "ping")["type"] == "stream.reset"
        post_batch(address, northside, 104)
        # What could not be told may still be told after the reset; what comes from now on is.
        assert heard.until(lambda event: is_reading(event) and event["data"]["glucoseValue"] == 104)


def test_a_server_that_stops_says_so(northside: Clinic) -> None:
    token = northside.access_token("owner")
    with ExitStack() as clients:
        with running_server() as address:
            heard, other = clients.enter_context(socket(address, token)), clients.enter_context(lines(address, token))
            assert other.next()[0] == "stream.opened"
        assert heard.close_code() == 1001
        assert other.next()[1]["code"] == 1001
