"""The data plane tells what it stored: after the commit, for all posts of a moment at once, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import redis
import structlog

from tenancy.live import TELL, Notice, Unheard, telling

log = structlog.get_logger(__name__)
MOST_WAITING = 5_000
AGAIN_SECONDS = 0.5
# A question to Valkey costs as much as a dozen posts, and an event may take a second: a few together cost little.
GATHER_SECONDS = 0.025


class Publisher:
    def __init__(self, valkey: Any) -> None:
        self._valkey = valkey
        self._waiting: dict[int, list[Notice]] = defaultdict(list)
        self._number = 0
        self._unheard = Unheard()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    def publish(self, organization_id: int, notices: Sequence[Notice]) -> None:
        if not notices:
            return
        if self._number + len(notices) > MOST_WAITING:
            self._unheard.add({organization_id: notices})
        else:
            self._waiting[organization_id].extend(notices)
            self._number += len(notices)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._tell_all())

    async def finish(self) -> None:
        self._is_stopping = True
        if self._task is not None:
            await self._task

    async def _tell_all(self) -> None:
        while self._waiting or self._unheard:
            await asyncio.sleep(GATHER_SECONDS)
            told, self._number = self._unheard.with_resets(self._waiting), 0
            self._waiting = defaultdict(list)
            keys, arguments = telling(told)
            try:
                await self._valkey.eval(TELL, len(keys), *keys, *arguments)
            except redis.RedisError:
                self._unheard.add(told)
                log.warning("live_events_lost", detail="Valkey is away: listeners will be told to load anew.")
                if self._is_stopping:
                    return
                await asyncio.sleep(AGAIN_SECONDS)
