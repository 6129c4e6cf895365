"""What the ASGI application lets Django do at once, keep and send."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path

from glucose_platform.asgi_handler import DjangoInTurns, _as_they_come
from tests.clinics import Clinic
from tests.live import running_server

HEAD = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'patients_patient'::regclass"
inside: ContextVar[bool] = ContextVar("inside", default=False)


@pytest.mark.django_db(transaction=True)
def test_django_works_on_so_many_at_once_and_the_others_wait(northside: Clinic) -> None:
    """One thread: while it waits for the database nobody else has it, but slow senders and /health need none."""
    headers = {"Authorization": f"Bearer {northside.access_token('owner')}"}
    with (
        running_server(threads=1, environment={"DB_POOL_MAX": "4"}) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30) as http,
        ThreadPoolExecutor(2) as pool,
        psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner,
    ):
        with slow_senders(address, 20):
            assert http.get("/api/v1/devices").status_code == 200
        owner.execute("LOCK TABLE patients_patient IN ACCESS EXCLUSIVE MODE")
        first = pool.submit(http.get, "/api/v1/patients")
        wait_until_somebody_waits()
        second = pool.submit(http.get, "/api/v1/devices")
        assert http.get("/health").status_code == 200
        assert not second.done()
        owner.rollback()
        assert (first.result().status_code, second.result().status_code) == (200, 200)


@pytest.mark.django_db
def test_a_body_in_chunks_is_not_kept_beyond_the_limit(live_url: str) -> None:
    def too_much() -> Iterator[bytes]:
        for _ in range(6):
            yield b" " * 1024 * 1024

    for where in ("/api/v1/auth/login", "/account/forgot-password/"):
        answer = httpx.post(live_url + where, content=too_much(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too large."})
    assert httpx.get(f"{live_url}/livez").status_code == 200


@pytest.mark.django_db
def test_a_body_that_is_told_too_long_is_refused_by_django_itself(live_url: str) -> None:
    answer = httpx.post(f"{live_url}/api/v1/auth/login", json="x" * 6 * 1024 * 1024)
    assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too large."})
    assert "X-Request-ID" in answer.headers


def test_a_body_that_does_not_arrive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glucose_platform.asgi_handler.BODY_SECONDS", 0.05)
    scope = {"type": "http", "method": "POST", "path": "/api/v1/auth/login", "headers": []}
    sent: list[Mapping[str, Any]] = []

    async def nothing() -> Mapping[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def keep(message: Mapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(DjangoInTurns(at_once=1)(scope, nothing, keep))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"]) == {"detail": "The body did not arrive within 30 seconds."}


def test_what_is_streamed_is_made_when_it_is_asked_for() -> None:
    made = []

    def parts() -> Iterator[bytes]:
        for number in range(3):
            token = inside.set(True)
            made.append(number)
            yield b"%d" % number
            # Raises where the part is left in another context than it was entered in.
            inside.reset(token)

    async def read() -> None:
        coming = _as_they_come(parts())
        assert await anext(coming) == b"0"
        assert made == [0]
        assert [part async for part in coming] == [b"1", b"2"]
        assert not inside.get()

    asyncio.run(read())


def test_what_is_streamed_ends_where_the_client_hangs_up(settings: Any) -> None:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    hung_up, sent = asyncio.Event(), []
    messages: Iterator[Mapping[str, Any]] = iter([{"type": "http.request"}])

    async def receive() -> Mapping[str, Any]:
        for message in messages:
            return message
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message.get("body"))
        if len(sent) == 3:
            hung_up.set()
            # As a server whose client takes no more.
            await asyncio.Event().wait()

    ended.clear()
    scope = {"type": "http", "method": "GET", "path": "/long", "headers": []}
    asyncio.run(DjangoInTurns(at_once=1)(scope, receive, send))
    assert sent == [None, b"0", b"1"]
    assert ended == [1]


@non_atomic_requests
def long_answer(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        number = 0
        try:
            for number in range(100):
                yield b"%d" % number
        finally:
            ended.append(number)

    return StreamingHttpResponse(parts())


ended: list[int] = []
urlpatterns = [path("long", long_answer)]


@contextmanager
def slow_senders(address: str, number: int) -> Iterator[None]:
    """Clients that never send the body they announced."""
    parts = urlsplit(address)
    with ExitStack() as open_ones:
        for _ in range(number):
            one = socket.create_connection((str(parts.hostname), int(parts.port or 0)))
            open_ones.enter_context(one).sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        yield


def wait_until_somebody_waits() -> None:
    deadline = time.monotonic() + 15
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        while not connection.execute(WAITING).fetchone():
            assert time.monotonic() < deadline, "nobody came to wait for the lock"
