"""One address, asked again and again."""

from __future__ import annotations

import asyncio
import itertools
import time

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

    async with client_of(url, connections=concurrency, headers=headers) as client:

        async def worker() -> None:
            while time.perf_counter() - begun < seconds and next(numbers) < requests:
                await timed(client, sample, "GET", endpoint)

        await asyncio.gather(*(worker() for _ in range(concurrency)))
    sample.elapsed = time.perf_counter() - begun
    return sample


def client_of(url: str, *, connections: int, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    # No proxy of the environment: the host was looked at, and that is where it goes.
    return httpx.AsyncClient(
        base_url=url.rstrip("/"), headers=headers, limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False
    )


async def timed(
    client: httpx.AsyncClient, sample: Sample, method: str, path: str, *, since: float | None = None, **said: object
) -> httpx.Response | None:
    """None: no answer came. ``since``: when it was due, where that counts and not when it could be sent."""
    begun = time.perf_counter() if since is None else since
    try:
        answer = await client.request(method, path, **said)  # type: ignore[arg-type]
    except httpx.HTTPError as error:
        sample.error(error)
        return None
    sample.answer(answer.status_code, time.perf_counter() - begun)
    return answer
