"""Staff and phones that look while devices post, and what they must not see."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from simulator.loadtest.endpoint import Clients, timed
from simulator.loadtest.record import Record
from simulator.loadtest.sample import Sample
from simulator.loadtest.world import LoadClinic, LoadReader

STAFF_SECONDS, PHONE_SECONDS = 2.0, 10.0


@dataclass(slots=True)
class Reading:
    """One reader at work, until it is cancelled."""

    reader: LoadReader
    clinic: LoadClinic
    client: Clients
    record: Record
    sample: Sample

    async def run(self) -> None:
        chance = random.Random(self.reader.access)
        pause = PHONE_SECONDS if self.reader.patient_code else STAFF_SECONDS
        await asyncio.sleep(chance.uniform(0, pause))
        for path in self._paths(chance):
            await self._look(path)
            await asyncio.sleep(chance.uniform(0.5, 1.5) * pause)

    def _paths(self, chance: random.Random) -> Iterator[str]:
        own = self.reader.patient_code
        for turn in itertools.count():
            who = own or chance.choice(self.clinic.devices).patient_code
            if turn % 3 == 0 and not own:
                yield "/api/v1/analytics/worklist?show=all"
            elif turn % 2:
                yield f"/api/v1/users/{who}/glucose/history?period=24h&resolution=raw"
            else:
                yield f"/api/v1/users/{who}/glucose/current"

    async def _look(self, path: str) -> None:
        answer = await self._ask(path)
        if answer is not None and answer.status_code == httpx.codes.UNAUTHORIZED:
            await self._sign_in_again()
            answer = await self._ask(path)
        if answer is None or answer.status_code in (429, 503):
            return
        who = "A phone" if self.reader.patient_code else "Staff"
        if answer.status_code == httpx.codes.OK:
            self.record.look(self.clinic.number, answer.json(), who)
        elif answer.status_code != httpx.codes.NOT_FOUND:
            # Not found: nothing was measured yet.
            self.record.problem(f"{who} got {answer.status_code} for {path.partition('?')[0]}: {answer.text[:120]}")

    async def _ask(self, path: str) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.reader.access}"}
        return await timed(self.client, self.sample, "GET", path, headers=headers)

    async def _sign_in_again(self) -> None:
        """With the refresh token, as an app does every few minutes."""
        said = {"refresh_token": self.reader.refresh}
        answer = await timed(self.client, self.sample, "POST", "/api/v1/auth/refresh", json=said)
        if answer is not None and answer.status_code == httpx.codes.OK:
            body = answer.json()
            self.reader.access, self.reader.refresh = body["access_token"], body["refresh_token"]
