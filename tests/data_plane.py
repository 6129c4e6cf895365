"""The whole ASGI application in tests: Django's test client asks it, the data plane's paths included.

The data plane runs as its own role on the test's connection, so that it sees what the test has not committed, and what
it writes is undone with the rest. Against a live server (``live_url``) it has its own connections, as in production.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, connections, transaction
from django.http import HttpResponse, HttpResponseBase
from django.test.client import ClientHandler

from edge.app import Edge
from edge.budgets import Budgets
from edge.database import Rows, Transaction, scope_statement
from tenancy import roles

T = TypeVar("T")
_threads = threading.local()


class NotForTheDataPlane(Exception):
    pass


class TestTransaction:
    async def fetch(self, statement: str, parameters: Any) -> Rows:
        with _inside_a_loop(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def defer(self, statement: str, parameters: Any = None) -> None:
        with _inside_a_loop(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)


class TestDatabase:
    """Stands in for ``edge.database.PooledDatabase``: the same role and policies, on Django's connection."""

    @asynccontextmanager
    async def transaction(self, organization_ids: Collection[int]) -> AsyncIterator[Transaction]:
        with _inside_a_loop(), transaction.atomic(), _as_the_data_plane():
            await TestTransaction().fetch(scope_statement(organization_ids), None)
            yield TestTransaction()

    async def look_up(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        with _inside_a_loop(), transaction.atomic(), _as_the_data_plane():
            return await TestTransaction().fetch(statement, parameters)

    async def open(self) -> None:
        """Django's connection opens by itself."""

    async def close(self) -> None:
        """It belongs to the test."""


class PlatformHandler(ClientHandler):
    """What the test client asks: the data plane first, and Django for what is not the data plane's."""

    def __call__(self, environ: dict[str, Any]) -> HttpResponseBase:  # type: ignore[override]
        try:
            return _ask_the_data_plane(environ)
        except NotForTheDataPlane:
            return super().__call__(environ)


def _ask_the_data_plane(environ: dict[str, Any]) -> HttpResponse:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) if _matches(environ) else b""
    sent: list[Mapping[str, Any]] = []

    # The client hangs up after its request: a stream sends what it begins with, and ends.
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Mapping[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    ask_the_data_plane(lambda edge: edge(_scope(environ), receive, send))
    start, *parts = sent
    response = HttpResponse(b"".join(part["body"] for part in parts), status=start["status"])
    for name, value in start["headers"]:
        response.headers[name.decode("latin-1").title()] = value.decode("latin-1")
    response.wsgi_request = WSGIRequest(environ)  # type: ignore[attr-defined]
    return response


def ask_the_data_plane(question: Callable[[Edge], Coroutine[Any, Any, T]]) -> T:
    loop, edge = _loop_and_edge()
    _threads.connection = connections["default"]
    return loop.run_until_complete(question(edge))


def _matches(environ: dict[str, Any]) -> bool:
    from edge.routes import is_answered_here, matching

    found = matching(_path(environ))
    return found is not None and is_answered_here(found[0], environ["REQUEST_METHOD"])


def _path(environ: dict[str, Any]) -> str:
    return str(environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")


def _scope(environ: dict[str, Any]) -> dict[str, Any]:
    names = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
    names |= {name: name[5:].lower().replace("_", "-") for name in environ if name.startswith("HTTP_")}
    headers = {names[name]: str(environ[name]) for name in names if environ.get(name) not in (None, "")}
    headers.setdefault("host", environ["SERVER_NAME"])
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "path": _path(environ),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
        "scheme": environ["wsgi.url_scheme"],
        "client": (environ.get("REMOTE_ADDR", ""), 0),
        "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()],
    }


def _loop_and_edge() -> tuple[asyncio.AbstractEventLoop, Edge]:
    """One of each for each thread, made anew where a test points to another Valkey."""
    where = settings.LIMITS_REDIS_URL
    if getattr(_threads, "where", None) != where:
        _threads.loop = getattr(_threads, "loop", None) or asyncio.new_event_loop()
        _threads.edge, _threads.where = Edge(TestDatabase(), _not_ours), where
    return _threads.loop, _threads.edge


def forget_budgets() -> None:
    """Every test comes from the same address, and asks as the same people."""
    if edge := getattr(_threads, "edge", None):
        edge.budgets = Budgets()


async def _not_ours(scope: Any, receive: Any, send: Any) -> None:
    raise NotForTheDataPlane


@contextmanager
def _as_the_data_plane() -> Iterator[None]:
    """Where the block raises, the savepoint that is rolled back takes the role with it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {roles.EDGE}")
    yield
    with _inside_a_loop(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")


@contextmanager
def _inside_a_loop() -> Iterator[None]:
    """Django refuses its blocking connection inside an event loop, and would give it another one there.

    Here nothing else waits for the loop, and the connection is the test's own.
    """
    connections["default"] = _threads.connection
    former = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
    try:
        yield
    finally:
        if former is None:
            os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = former
