"""Open streams, posts at an even rate and a receiver of alarms, in one event loop that notes when each came."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.devices import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.load import HOST, Connection
from benchmarks.messages import post_low, post_reading

OPENED_AT_ONCE = 20
POSTERS = 16
START_SECONDS = 90.0
SETTLE_SECONDS = 15.0
# It is a low as well.
MESSAGES_OF_A_LOW = 2
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class _Event(msgspec.Struct):
    type: str
    device: str | None = None


_decode = msgspec.json.Decoder(_Event).decode


@dataclass(slots=True)
class Heard:
    """Instants of the clock: of each device's reading at each stream, and of each alarm's message by its key."""

    readings: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    messages: dict[str, float] = field(default_factory=dict)
    posted: int = 0
    seconds: float = 0.0
    closed: int = 0


class Receiver:
    """Takes messages of alarms."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        self._server = await asyncio.start_server(self._take, HOST, port)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        now = time.time()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(headers.get("content-length", 0)))
        self._heard.messages.setdefault(headers["idempotency-key"], now)
        writer.write(ANSWER)
        await writer.drain()
        writer.close()


async def listen_and_post(
    *,
    port: int,
    receiver_port: int,
    tokens: Sequence[str],
    streams: int,
    devices: Sequence[BenchmarkDevice],
    lows: int,
    rate: float,
) -> Heard:
    """One reading of each device, every ``lows``-th of them an urgent low. The first device's comes before the rest,
    so that all that delivers alarms has begun."""
    heard = Heard()
    receiver = Receiver(heard)
    await receiver.start(receiver_port)
    sockets = await _open_all(port, [tokens[number % len(tokens)] for number in range(streams)])
    listening = [asyncio.create_task(_listen(socket, heard)) for socket in sockets]
    try:
        await _warm_up(port, devices[0], heard)
        await _post_all(port, devices[1:], lows, rate, heard)
        await _settle(heard, -(-len(devices[1:]) // lows) * MESSAGES_OF_A_LOW)
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await asyncio.gather(*(socket.close() for socket in sockets), return_exceptions=True)
        receiver.stop()
    return heard


async def _open_all(port: int, tokens: Sequence[str]) -> list[ClientConnection]:
    gate = asyncio.Semaphore(OPENED_AT_ONCE)

    async def opened(token: str) -> ClientConnection:
        async with gate:
            headers = {"Authorization": f"Bearer {token}"}
            return await connect(
                f"ws://{HOST}:{port}/ws/vitals", additional_headers=headers, proxy=None, compression=None,
                open_timeout=60, ping_interval=None,
            )  # fmt: skip

    return list(await asyncio.gather(*map(opened, tokens)))


async def _listen(socket: ClientConnection, heard: Heard) -> None:
    try:
        async for frame in socket:
            now = time.time()
            event = _decode(frame)
            if event.type == "reading.created" and event.device is not None:
                heard.readings[event.device].append(now)
    except ConnectionClosed:
        heard.closed += 1


async def _warm_up(port: int, device: BenchmarkDevice, heard: Heard) -> None:
    await _post_all(port, [device], 1, 1, heard)
    deadline = time.monotonic() + START_SECONDS
    while len(heard.messages) < MESSAGES_OF_A_LOW:
        if time.monotonic() > deadline:
            raise BenchmarkError(f"An urgent low did not come to its channel within {START_SECONDS:g} s.")
        await asyncio.sleep(0.1)
    heard.posted = 0
    heard.messages.clear()
    heard.readings.clear()


async def _post_all(port: int, devices: Sequence[BenchmarkDevice], lows: int, rate: float, heard: Heard) -> None:
    """Each at its time, or as soon after as a connection is free."""
    begun = time.perf_counter()
    waiting = iter(enumerate(devices))

    async def post() -> None:
        connection = await Connection.open(port)
        try:
            for number, device in waiting:
                await asyncio.sleep(max(begun + number / rate - time.perf_counter(), 0))
                make = post_low if number % lows == 0 else post_reading
                status, answer = await connection.exchange(make(device.code, device.patient_code, device.key))
                if status != 201:
                    raise BenchmarkError(f"A reading was answered with {status}: {answer[:200]!r}")
                heard.posted += 1
        finally:
            connection.close()

    await asyncio.gather(*(post() for _ in range(POSTERS)))
    heard.seconds = time.perf_counter() - begun


async def _settle(heard: Heard, messages: int) -> None:
    """Until every alarm has come, or no longer than this."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while len(heard.messages) < messages and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
