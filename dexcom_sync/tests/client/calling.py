"""Clients of the sandbox for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dexcom_sync.client import Application, DexcomClient, DexcomError, Exchange, new_http_client
from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET
from tests.dexcom import CALLBACK

Told = list[tuple[str, Exchange | DexcomError]]


@contextmanager
def client_of(base_url: str, told: Told | None = None, **changes: Any) -> Iterator[DexcomClient]:
    described: dict[str, Any] = {
        "region": "sandbox",
        "base_url": base_url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": CALLBACK,
        **changes,
    }
    heard: Told = [] if told is None else told
    with new_http_client() as http, new_http_client(keeps_connections=False) as token_http:
        yield DexcomClient(
            Application(**described),
            http=http,
            token_http=token_http,
            notice=lambda name, outcome: heard.append((name, outcome)),
        )
