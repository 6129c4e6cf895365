"""The rate slot and the budgets when Redis is away, when the database fails, and under concurrency."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from devices.models import Device
from edge.batches import Batches
from edge.slots import BATCH_ITEMS, READINGS, Slots
from edge.tests.posting import DEVICE, device_client, instant, path, reading, slot_is_held, stored
from edge.valkey import valkey_client
from tenancy.limits import LIMITS_SKIPPED
from tenancy.redis import limits_client
from tests.clinics import Clinic
from tests.faults.installation import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
URL = f"/api/v1{path()}"


def post(clinic: Clinic, body: Any) -> Any:
    return clinic.device_api().post(URL, json.dumps(body), content_type="application/json")


def device_key(clinic: Clinic) -> tuple[int, int]:
    return clinic.organization.id, clinic.devices[0].id


def with_slots(work: Callable[[Slots], Awaitable[Any]]) -> Any:
    async def do() -> Any:
        valkey = valkey_client()
        try:
            return await work(Slots(valkey))
        finally:
            await valkey.aclose()

    return asyncio.run(do())


def skipped(limit: str) -> float:
    return float(LIMITS_SKIPPED.labels(limit)._value.get())


@pytest.fixture(params=["closed", "silent"])
def redis_away(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Redis is down (connections are refused), or hangs (they are accepted and never answered)."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen()
        settings.LIMITS_REDIS_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/2"
        limits_client.cache_clear()
        yield
    limits_client.cache_clear()


@pytest.mark.usefixtures("redis_away")
def test_with_redis_away_readings_are_taken_and_counted(northside: Clinic) -> None:
    before = skipped("reading_slot"), skipped("batch_items")
    begun = time.monotonic()
    first, second, third = (reading(timestamp=instant(minutes)) for minutes in (1, 2, 3))
    assert [post(northside, body).status_code for body in (first, second, first)] == [201, 201, 409]
    assert post(northside, {"readings": [third]}).json()["accepted"] == 1
    assert northside.device_api().get(URL).status_code == 200
    after = skipped("reading_slot"), skipped("batch_items")
    assert [new - old for old, new in zip(before, after, strict=True)] == [3, 1]
    # Five requests, the budget of 0.1 s at most twice in each.
    assert time.monotonic() - begun < 3
    assert len(stored(northside)) == 3


def test_a_database_that_fails_gives_the_slot_back(northside: Clinic) -> None:
    """The connection is cut while the reading is being stored: 503, nothing stored, and the device may try again."""
    answers: list[Any] = []

    def post_in_a_thread() -> None:
        try:
            answers.append(post(northside, reading()))
        finally:
            connection.close()

    thread = threading.Thread(target=post_in_a_thread)
    with northside.scope(), transaction.atomic():
        Device.objects.select_for_update().get(pk=northside.devices[0].pk)
        thread.start()
        wait_until(end_whoever_waits_for_a_lock)
        thread.join()
    assert answers[0].status_code == 503
    assert "Retry-After" in answers[0]
    assert not slot_is_held(northside)
    assert post(northside, reading()).status_code == 201
    assert len(stored(northside)) == 1


def end_whoever_waits_for_a_lock() -> bool:
    database = connection.settings_dict
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"] or None,
        user=database["USER"],
        password=database["PASSWORD"],
        dbname=database["NAME"],
    ) as other:
        return bool(
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ).fetchone()
        )


def test_the_slot_ends_by_itself(northside: Clinic) -> None:
    assert post(northside, reading()).status_code == 201
    key = f"readings:slot:{northside.organization.id}:{northside.devices[0].id}"
    remaining = int(limits_client().pttl(key))
    assert 0 < remaining <= django_settings.MAX_GLUCOSE_READING_RATE * 1000


def test_a_slot_that_is_another_requests_by_now_is_left_alone(northside: Clinic) -> None:
    key = f"readings:slot:{northside.organization.id}:{northside.devices[0].id}"

    async def outlast_the_slot(slots: Slots) -> None:
        taken = await slots.take([device_key(northside)])
        limits_client().set(key, "another request's")
        await slots.give_back(taken.token, [device_key(northside)])

    with_slots(outlast_the_slot)
    assert limits_client().get(key) == b"another request's"


@pytest.mark.parametrize("same_slot", [True, False])
@pytest.mark.promise(46)
def test_twenty_threads_post_the_same_reading(live_url: str, northside: Clinic, same_slot: bool) -> None:
    """With the limit one gets the slot; without it the database decides. Either way one 201 and one row."""
    body = reading()
    batch = {"readings": [body]}
    with device_client(live_url, northside.device_key) as client, ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.post(path(), json=body if same_slot else batch), range(20)))
    if same_slot:
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses[201] == 1
        assert statuses[429] + statuses[409] == 19
    else:
        assert sum(answer.json()["accepted"] for answer in answers) == 1
        assert sum(answer.json()["duplicates"] for answer in answers) == 19
    assert stored(northside) == [120]


@pytest.mark.promise(42, 43)
def test_the_budget_of_batches(northside: Clinic) -> None:
    assert with_slots(lambda slots: slots.spend_items(device_key(northside), BATCH_ITEMS - 1, of=READINGS)) is None
    two = {"readings": [reading(timestamp=instant(minutes)) for minutes in (1, 2)]}
    answer = post(northside, two)
    text = f"Rate limit exceeded. Device {DEVICE} can only submit 3000 readings in batches every 5 minutes."
    assert (answer.status_code, answer.json()) == (429, {"detail": text})
    assert 1 <= int(answer["Retry-After"]) <= 300
    assert post(northside, {"readings": two["readings"][:1]}).status_code == 200
    assert post(northside, {"readings": two["readings"][:1]}).status_code == 429
    assert len(stored(northside)) == 1


def test_a_failed_batch_does_not_count(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Batches, "_store", fail)
    item = {"readings": [reading()]}
    assert post(northside, item).status_code == 500
    monkeypatch.undo()
    assert with_slots(lambda slots: slots.spend_items(device_key(northside), BATCH_ITEMS, of=READINGS)) is None


@pytest.mark.promise(43)
def test_the_budget_of_reads(northside: Clinic, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "reads": "2/minute"}
    client = northside.api("nurse")
    address = "/api/v1/users/user_5678/glucose/current"
    assert [client.get(address).status_code for _ in range(2)] == [404, 404]
    answer = client.get(address)
    assert answer.status_code == 429
    wait = int(answer["Retry-After"])
    assert answer.json() == {"detail": f"Too many requests. Please try again in {wait} seconds."}
    assert 1 <= wait <= 60
    assert northside.api("viewer").get(address).status_code == 404
    assert client.post("/api/v1/patients", {}, content_type="application/json").status_code == 422


def test_reads_do_not_take_the_slot_and_posts_do_not_count_as_reads(live_url: str, northside: Clinic) -> None:
    with device_client(live_url, northside.device_key) as client:
        assert [client.get(path()).status_code for _ in range(5)] == [200] * 5
        assert client.post(path(), json=reading()).status_code == 201
    assert httpx.get(f"{live_url}{URL}").status_code == 401
