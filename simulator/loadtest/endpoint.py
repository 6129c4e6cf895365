"""One address, asked again and again."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from typing import Any

import httpx

from simulator.loadtest.sample import Sample

MOST_REQUESTS, MOST_CONCURRENCY, MOST_SECONDS = 1_000_000, 500, 3_600
TIMEOUT_SECONDS = 30.0


def ask_often(
    *, url: str, endpoint: str, headers: dict[str, str], requests: int, concurrency: int, seconds: float
) -> Sample:
    """Until ``requests`` were made or ``seconds`` are over; what was begun then is waited for."""
    return asyncio.run(_ask_often(url, endpoint, headers, requests, concurrency, seconds))


async def _ask_often(
    url: str, endpoint: str, headers: dict[str, str], requests: int, concurrency: int, seconds: float
) -> Sample:
    sample = Sample(f"GET {endpoint}")
    begun = time.perf_counter()
    numbers = itertools.count()

    async with Clients(url, connections=concurrency, headers=headers) as client:

        async def worker() -> None:
            while time.perf_counter() - begun < seconds and next(numbers) < requests:
                await timed(client, sample, "GET", endpoint)

        await asyncio.gather(*(worker() for _ in range(concurrency)))
    sample.elapsed = time.perf_counter() - begun
    return sample


class Clients:
    """``connections`` clients of one connection each, for requests one after the other.

    One client with many connections asks each of them about itself at every request: with a hundred it is slower than
    the server that it should measure, and it gets worse with everybody who waits.
    """

    def __init__(self, url: str, *, connections: int, headers: dict[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        tls = ssl.create_default_context()
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        self._all = [
            # No proxy of the environment: the host was looked at, and that is where it goes.
            httpx.AsyncClient(
                base_url=self.url, headers=headers, limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False, verify=tls
            )
            for _ in range(connections)
        ]
        # The one that was used last: its connection is still open.
        self._idle: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()

    async def __aenter__(self) -> Clients:
        for client in self._all:
            self._idle.put_nowait(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._all:
            await client.aclose()

    async def request(self, method: str, path: str, **said: Any) -> httpx.Response:
        client = await self._idle.get()
        try:
            return await client.request(method, path, **said)
        finally:
            self._idle.put_nowait(client)


async def timed(
    client: Clients, sample: Sample, method: str, path: str, *, since: float | None = None, **said: Any
) -> httpx.Response | None:
    """None: no answer came. ``since``: when it was due, where that counts and not when it could be sent."""
    begun = time.perf_counter() if since is None else since
    try:
        answer = await client.request(method, path, **said)
    except httpx.HTTPError as error:
        sample.error(error)
        return None
    sample.answer(answer.status_code, time.perf_counter() - begun)
    return answer
