"""A thousand clients that send a byte now and then do not stop one that hurries."""

from __future__ import annotations

import asyncio
import resource
import time

import httpx
import pytest

from tests.faults.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.promise(44)]
CLIENTS = 1000
SECONDS = 8
# Alone it takes a few milliseconds; here test and server share their cores with a thousand senders.
PATIENCE_SECONDS = 5
POST = b"POST /api/v1/devices/ARGUS_1/readings HTTP/1.1\r\nHost: localhost\r\n"
REQUESTS = {
    "headers": POST + b"X-A: ",
    "a body": POST + b"X-API-Key: %s\r\nContent-Length: 900\r\n\r\n",
    "a body for Django": b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n",
}


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 3 * CLIENTS, reason="too few files may be open")
@pytest.mark.parametrize("what", REQUESTS)
def test_slow_clients_do_not_stop_a_fast_one(system: Installation, what: str) -> None:
    begin = REQUESTS[what].replace(b"%s", system.key.encode())

    async def run() -> list[float]:
        connected = asyncio.Semaphore(0)
        slow = [asyncio.create_task(send_slowly(system.port, begin, connected)) for _ in range(CLIENTS)]
        try:
            for _ in slow:
                await asyncio.wait_for(connected.acquire(), 30)
            return await ask_often(system)
        finally:
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    times = asyncio.run(run())
    assert len(times) > SECONDS
    assert max(times) < PATIENCE_SECONDS, sorted(times)[-5:]


async def send_slowly(port: int, begin: bytes, connected: asyncio.Semaphore) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begin)
    await writer.drain()
    connected.release()
    while True:
        await asyncio.sleep(1)
        writer.write(b"a")
        await writer.drain()


async def ask_often(system: Installation) -> list[float]:
    """Seconds of each answer: a new connection for every one, as a device has it."""
    times = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for number, path in enumerate(("/health", "/livez", "post")):
            begun = time.monotonic()
            async with httpx.AsyncClient(base_url=system.address, timeout=20) as http:
                status = (
                    await system.post_with(http, 100 + number) if path == "post" else (await http.get(path)).status_code
                )
            times.append(time.monotonic() - begun)
            assert status in {200, 201, 429}
    return times
