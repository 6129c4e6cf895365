"""One open stream: what waits for it, and how it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from edge.callers import KeyPrincipal, Principal
from edge.live.events import Event
from edge.live.topics import FOR_DEVICES, STREAM

# Several times what the reader hands over at once.
MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class End:
    """``code``: of the WebSocket's close; SSE tells it in its last event."""

    code: int
    reason: str


GOING_AWAY = End(1001, "The platform stops this process. Please connect again.")
UNKNOWN_RIGHTS = End(1013, "Your rights cannot be looked up at the moment. Please connect again.")
SIGNED_OUT = End(4401, "Your sign-in has ended. Please sign in again.")
RIGHTS_CHANGED = End(4401, "Your rights have changed. Please connect again.")
TOO_SLOW = End(4408, "Events were not taken as fast as they came. Please connect again.")


class Ended(Exception):
    def __init__(self, end: End) -> None:
        super().__init__(end.reason)
        self.end = end


class Listener:
    """Its queue is bounded: whoever does not take what comes is dropped, and nobody waits for them."""

    def __init__(self, principal: Principal, topics: frozenset[str]) -> None:
        self.principal = principal
        self.organization_id = principal.organization_id
        self.topics = topics
        self._patients = _visible_patients(principal)
        self._key = principal if isinstance(principal, KeyPrincipal) else None
        self._queue: deque[Event] = deque()
        self._woken = asyncio.Event()
        # Beside the one above, which is cleared again: waited for while a send hangs.
        self.is_over = asyncio.Event()
        self.ended: End | None = None

    @property
    def has_taken_all(self) -> bool:
        return not self._queue

    def sees(self, event: Event) -> bool:
        """What concerns no patient is for those who see all of the clinic."""
        if event.topic == STREAM:
            return True
        if self._key is not None:
            return (
                event.type in FOR_DEVICES and event.device_id is not None and self._key.may_use_device(event.device_id)
            )
        return event.topic in self.topics and (self._patients is None or event.patient_id in self._patients)

    def offer(self, event: Event) -> None:
        if self.ended is not None:
            return
        if len(self._queue) >= MOST_WAITING:
            self.end(TOO_SLOW)
            return
        self._queue.append(event)
        self._woken.set()

    def end(self, end: End) -> None:
        """What waits is not sent any more."""
        if self.ended is None:
            self.ended = end
            self._queue.clear()
            self._woken.set()
            self.is_over.set()

    async def next(self, seconds: float) -> list[Event]:
        """All that waits; nothing where nothing came for so long. Raises Ended."""
        if not self._queue and self.ended is None:
            self._woken.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                return []
        if self.ended is not None:
            raise Ended(self.ended)
        taken = list(self._queue)
        self._queue.clear()
        return taken


def _visible_patients(principal: Principal) -> frozenset[int] | None:
    """None: all of the clinic, and what concerns no patient."""
    if isinstance(principal, KeyPrincipal):
        return frozenset()
    if principal.patient_id is not None:
        return frozenset({principal.patient_id})
    return None if principal.assigned_patients is None else frozenset(principal.assigned_patients)
