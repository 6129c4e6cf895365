"""From the order of a command to the device that listens, and to the one that asks next."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence

import httpx
from asgiref.sync import sync_to_async
from django.db import transaction
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.bench import Bench
from benchmarks.devices import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.load import HOST
from benchmarks.measurements.streams import percentiles
from benchmarks.report import Figure, Target
from devices.commands.services import order_command
from devices.models import Device
from tenancy.scope import organization_scope

DEVICES, QUICK_DEVICES = 400, 20
RATE = 20
LATEST_SECONDS = 10.0


class Listening:
    """One device with an open stream; ``heard`` when the event came, ``fetched`` when its next poll was answered."""

    def __init__(self, device: BenchmarkDevice, socket: ClientConnection, client: httpx.AsyncClient) -> None:
        self._device = device
        self._socket = socket
        self._client = client

    async def order(self) -> tuple[float, float]:
        """Seconds from the commit to the event, and to the end of the poll after it."""
        command = await sync_to_async(_order)(self._device)
        ordered = time.perf_counter()
        async with asyncio.timeout(LATEST_SECONDS):
            while (event := json.loads(await self._socket.recv()))["type"] == "ping":
                pass
        heard = time.perf_counter()
        if event["type"] != "command.created" or event["data"] != {"id": command}:
            raise BenchmarkError(f"A device heard of {event} instead of its command {command}.")
        path = f"/api/v1/devices/{self._device.code}/commands"
        answer = await self._client.get(path, headers={"X-API-Key": self._device.key})
        if [item["id"] for item in answer.json()] != [command]:
            raise BenchmarkError(f"A poll was answered with {answer.text} instead of the command {command}.")
        return heard - ordered, time.perf_counter() - ordered


def measure(bench: Bench) -> Iterator[Figure]:
    count = DEVICES if bench.seconds > 1 else QUICK_DEVICES
    devices = bench.fleet.make_devices(count)[:count]
    with bench.edge() as server:
        bench.say(f"  {count} devices listen for commands")
        times = asyncio.run(_all(server.port, devices))
    heard, fetched = ([pair[place] for pair in times] for place in (0, 1))
    figures = percentiles(heard) | {f"fetched {name}": value for name, value in percentiles(fetched).items()}
    yield Figure(
        f"commands of {count} listening devices, from the commit to the event, and to the poll after it", "commands",
        len(times), "commands that were ordered", count, figures, Target(must=1, aim=1, p99_ms=1000),
    )  # fmt: skip


async def _all(port: int, devices: Sequence[BenchmarkDevice]) -> list[tuple[float, float]]:
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}") as client:
        sockets = [await _opened(port, device) for device in devices]
        try:
            listening = [Listening(device, socket, client) for device, socket in zip(devices, sockets, strict=True)]
            return await asyncio.gather(*(_at(place / RATE, one) for place, one in enumerate(listening)))
        finally:
            await asyncio.gather(*(socket.close() for socket in sockets), return_exceptions=True)


async def _at(seconds: float, device: Listening) -> tuple[float, float]:
    await asyncio.sleep(seconds)
    return await device.order()


async def _opened(port: int, device: BenchmarkDevice) -> ClientConnection:
    socket = await connect(
        f"ws://{HOST}:{port}/ws/commands", additional_headers={"X-API-Key": device.key}, proxy=None, compression=None,
        open_timeout=60, ping_interval=None,
    )  # fmt: skip
    await socket.recv()
    return socket


def _order(device: BenchmarkDevice) -> str:
    with organization_scope(device.organization_id), transaction.atomic():
        found = Device.objects.get(code=device.code)
        return str(order_command(device=found, type="restart").public_id)
