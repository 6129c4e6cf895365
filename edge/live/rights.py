"""Whether those who listen still may: asked for all of them in one question, each second."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from edge.callers import Callers
from edge.live.hub import Hub
from edge.live.listeners import RIGHTS_CHANGED, SIGNED_OUT, UNKNOWN_RIGHTS

log = structlog.get_logger(__name__)
EACH_SECONDS = 1.0
# While the database is away no event can be read either: this is for when only the question fails.
UNKNOWN_SECONDS = 10


class Rights:
    def __init__(self, callers: Callers, hub: Hub) -> None:
        self._callers = callers
        self._hub = hub
        self._task: asyncio.Task[None] | None = None
        self._known_at = 0.0

    def start(self) -> None:
        self._known_at = time.monotonic()
        self._task = asyncio.get_running_loop().create_task(self._check_for_ever())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _check_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EACH_SECONDS)
            try:
                await self._check()
                self._known_at = time.monotonic()
            except Exception as error:  # noqa: BLE001  streams that nobody watches must not go on
                log.warning("live_rights_unknown", error=type(error).__name__)
                self._end_the_unknown()

    async def _check(self) -> None:
        listeners = list(self._hub.listeners())
        families = {one.principal.family_id for one in listeners if one.principal.family_id is not None}
        if not families:
            return
        found = await self._callers.all_signed_in(families)
        for listener in listeners:
            family_id = listener.principal.family_id
            principal = None if family_id is None else found.get(family_id)
            if principal is None:
                listener.end(SIGNED_OUT)
            elif principal != listener.principal:
                # Which patients, what role: the stream that is opened next has the new rights, and its own look.
                listener.end(RIGHTS_CHANGED)

    def _end_the_unknown(self) -> None:
        if time.monotonic() - self._known_at > UNKNOWN_SECONDS:
            for listener in list(self._hub.listeners()):
                listener.end(UNKNOWN_RIGHTS)
