"""Help for tests that ask the data plane itself, many callers at one moment."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from edge.app import Edge
from edge.database import PooledDatabase, Transaction


class WatchedDatabase(PooledDatabase):
    """Counts how many clinics the fullest transaction had."""

    most_clinics = 0

    @asynccontextmanager
    async def transaction(self, organization_ids: Collection[int]) -> AsyncIterator[Transaction]:
        self.most_clinics = max(self.most_clinics, len(set(organization_ids)))
        async with super().transaction(organization_ids) as transaction:
            yield transaction


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    query: str = ""

    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "query_string": self.query.encode(),
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "headers": [(b"host", b"localhost"), *((n.lower().encode(), v.encode()) for n, v in self.headers.items())],
        }


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any


@asynccontextmanager
async def pooled_edge() -> AsyncIterator[tuple[Edge, WatchedDatabase]]:
    """As in production: connections of the data plane's own role, which see what is committed."""
    database = WatchedDatabase(os.environ["DATABASE_EDGE_URL"], smallest=4, largest=12)
    edge = Edge(database, _not_ours)
    await edge.start()
    try:
        yield edge, database
    finally:
        await edge.stop()


async def ask(edge: Edge, sent: Sent) -> Reply:
    messages: list[Mapping[str, Any]] = []
    body = b"" if sent.body is None else json.dumps(sent.body).encode()

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        messages.append(message)

    await edge(sent.scope(), receive, send)
    start, *parts = messages
    return Reply(start["status"], json.loads(b"".join(part["body"] for part in parts)))


async def _not_ours(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(f"{scope['path']} is not the data plane's")
