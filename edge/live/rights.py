"""Whether those who listen still may: asked for all of them in one question, each second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress

import structlog

from edge.callers import Callers, KeyPrincipal, Principal
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
        found = await self._now({listener.principal for listener in listeners})
        for listener in listeners:
            principal = found.get(listener.principal)
            if principal is None:
                listener.end(SIGNED_OUT)
            elif principal != listener.principal:
                # Which patients, what role: the stream that is opened next has the new rights, and its own look.
                listener.end(RIGHTS_CHANGED)

    async def _now(self, principals: Collection[Principal]) -> dict[Principal, Principal | None]:
        """What each stands for now: of all apps in one question, of all browsers in another, of all keys in a third."""
        keys = {one.digest for one in principals if isinstance(one, KeyPrincipal)}
        people = [one for one in principals if not isinstance(one, KeyPrincipal)]
        families = {one.family_id for one in people if one.family_id is not None}
        browsers = {(one.browser_id, one.organization_id) for one in people if one.browser_id is not None}
        devices = await self._callers.all_with_keys(keys) if keys else {}
        apps = await self._callers.all_signed_in(families) if families else {}
        pages = await self._callers.all_in_browsers(browsers) if browsers else {}
        found: dict[Principal, Principal | None] = {}
        for one in principals:
            if isinstance(one, KeyPrincipal):
                found[one] = devices.get(one.digest)
            elif one.family_id is not None:
                found[one] = apps.get(one.family_id)
            elif one.browser_id is not None:
                found[one] = pages.get((one.browser_id, one.organization_id))
        return found

    def _end_the_unknown(self) -> None:
        if time.monotonic() - self._known_at > UNKNOWN_SECONDS:
            for listener in list(self._hub.listeners()):
                listener.end(UNKNOWN_RIGHTS)
