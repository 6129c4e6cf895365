"""An HTTP client that costs little: it shares the machine's cores with the server that it measures."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.answers import NO_ANSWER, Answers
from benchmarks.errors import BenchmarkError

# Load goes to this machine only.
HOST = "127.0.0.1"
PATIENCE_SECONDS = 30
MAX_REQUESTS = 2_000_000
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(slots=True)
class Load(Answers):
    """``latencies`` are seconds, of every answer."""

    latencies: list[float] = field(default_factory=list)

    def note(self, status: int, latency: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(latency)

    def milliseconds(self, percent: int) -> float:
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


class Connection:
    """One connection, kept open; a request and its answer at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection(HOST, port))

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if status is None or length is None:
            raise BenchmarkError(f"Not an HTTP/1.1 answer with a length: {head[:80]!r}")
        return int(status[1]), await self._reader.readexactly(int(length[1]))

    def close(self) -> None:
        self._writer.close()


def drive(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
    """Sends ``requests`` over ``connections`` until the time is up; what was begun then is waited for."""
    return asyncio.run(_drive(port, requests, connections, seconds))


async def _drive(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    load = Load()
    begun = time.perf_counter()
    senders = [_send(port, requests, begun + seconds, load) for _ in range(connections)]
    try:
        await asyncio.wait_for(asyncio.gather(*senders), seconds + PATIENCE_SECONDS)
    except TimeoutError:
        raise BenchmarkError(f"The server left a request unanswered for {PATIENCE_SECONDS} s.") from None
    load.seconds = time.perf_counter() - begun
    return load


async def _send(port: int, requests: Iterator[bytes], deadline: float, load: Load) -> None:
    connection = await Connection.open(port)
    try:
        while time.perf_counter() < deadline and len(load.latencies) < MAX_REQUESTS:
            request = next(requests, None)
            if request is None:
                raise BenchmarkError("There were too few requests for this time: the server is faster than expected.")
            begun = time.perf_counter()
            try:
                status, _ = await connection.exchange(request)
            except (OSError, asyncio.IncompleteReadError):
                status = NO_ANSWER
                connection.close()
                connection = await Connection.open(port)
            load.note(status, time.perf_counter() - begun)
    finally:
        connection.close()
