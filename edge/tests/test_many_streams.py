"""A thousand streams of one process."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from websockets.asyncio.client import ClientConnection, connect

from edge.tests.streaming import post_batch
from tests.clinics import Clinic
from tests.live import running_server

STREAMS = 1_000
AT_ONCE = 50


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_thousand_streams_hear_each_event(northside: Clinic) -> None:
    token = northside.access_token("nurse")
    limits = {"LIVE_STREAMS_PER_PERSON": str(STREAMS), "LIMIT_READS": "100000/minute"}
    with running_server(environment=limits) as address:
        heard, seconds = asyncio.run(everybody_hears(address, token, northside))
    assert heard == [101] * STREAMS
    # Far above what it takes: a hub that works for one stream after the other would need minutes.
    assert seconds < 10


async def everybody_hears(address: str, token: str, clinic: Clinic) -> tuple[list[int], float]:
    gate = asyncio.Semaphore(AT_ONCE)
    url = address.replace("http", "ws", 1) + "/ws/vitals"

    async def opened() -> ClientConnection:
        async with gate:
            headers = {"Authorization": f"Bearer {token}"}
            connection = await connect(url, additional_headers=headers, proxy=None, compression=None, open_timeout=30)
            assert "stream.opened" in str(await connection.recv())
            return connection

    connections = await asyncio.gather(*(opened() for _ in range(STREAMS)))
    begun = time.monotonic()
    await asyncio.to_thread(post_batch, address, clinic, 101)
    values = await asyncio.gather(*(next_value(connection) for connection in connections))
    seconds = time.monotonic() - begun
    await asyncio.gather(*(connection.close() for connection in connections))
    return values, seconds


async def next_value(connection: ClientConnection) -> int:
    while (event := json.loads(await connection.recv()))["type"] == "ping":
        pass
    return int(event["data"]["glucoseValue"])
