"""Clinics at work: their devices post, staff and phones read, for as long as the plan says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from django.conf import settings

from simulator.loadtest.devices import Poster, levels_of
from simulator.loadtest.endpoint import Clients
from simulator.loadtest.plan import ScenarioPlan
from simulator.loadtest.readers import Reading
from simulator.loadtest.record import Record
from simulator.loadtest.sample import Sample
from simulator.loadtest.world import LoadClinic, LoadDevice, make_clinics

CONNECTIONS = 64


class NotThisPlatformError(RuntimeError):
    """The server does not know the clinics that were just made; the text says what to do."""


@dataclass(slots=True)
class Run:
    """What came of it, to be compared with the database."""

    clinics: list[LoadClinic]
    record: Record = field(default_factory=Record)
    posts: Sample = field(default_factory=lambda: Sample("posts of devices"))
    reads: Sample = field(default_factory=lambda: Sample("reads of staff and phones"))
    jumping: frozenset[tuple[int, int]] = frozenset()


def run_scenario(plan: ScenarioPlan, *, url: str) -> Run:
    """Raises NotThisPlatformError."""
    clinics = make_clinics(plan.clinics, patients=plan.patients, staff=plan.staff, phones=plan.phones)
    run = Run(clinics)
    devices = [device for clinic in clinics for device in clinic.devices]
    run.jumping = frozenset((device.clinic, device.number) for device in devices if device.number <= plan.jumps)
    asyncio.run(_run(plan, url, run, levels_of(plan, devices)))
    return run


async def _run(plan: ScenarioPlan, url: str, run: Run, levels: dict[LoadDevice, dict[int, int]]) -> None:
    async with Clients(url, connections=CONNECTIONS) as client:
        await refuse_another_platform(client, run.clinics[0])
        posters = [
            Poster(device, plan, levels[device], settings.MAX_GLUCOSE_READING_RATE, client, run.record, run.posts)
            for clinic in run.clinics
            for device in clinic.devices
        ]
        reading = [
            asyncio.create_task(Reading(reader, clinic, client, run.record, run.reads).run())
            for clinic in run.clinics
            for reader in clinic.readers
        ]
        begin, started = datetime.now(UTC), asyncio.get_running_loop().time()
        try:
            await asyncio.gather(*(poster.run(begin, started) for poster in posters))
        finally:
            run.posts.elapsed = run.reads.elapsed = asyncio.get_running_loop().time() - started
            broken = [task.exception() for task in reading if task.done()]
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
        for error in filter(None, broken):
            raise error


async def refuse_another_platform(client: Clients, clinic: LoadClinic) -> None:
    device = clinic.devices[0]
    path = f"/api/v1/devices/{device.code}/readings?limit=1"
    try:
        answer = await client.request("GET", path, headers={"X-API-Key": device.key})
    except httpx.HTTPError as error:
        raise NotThisPlatformError(
            f"No server answers at {client.url} ({type(error).__name__}). Start it, or name it with --url."
        ) from error
    if answer.status_code != httpx.codes.OK:
        raise NotThisPlatformError(
            f"The server at {client.url} answered {answer.status_code} to a device that was just made: it serves "
            "another database than this command's settings name. Run the command with the server's settings."
        )
