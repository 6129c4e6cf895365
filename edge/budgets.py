"""Budgets against abuse, counted by this process alone: two numbers a caller.

The library that keeps the shared limits starts a thread to forget what is over, which at thousands of requests a second
costs more than the requests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from limits import parse

from accounts.principals import PersonPrincipal
from edge.callers import Principal
from edge.refusals import TooManyRequests
from edge.requests import Request
from tenancy.addresses import network_of
from tenancy.limits import refusal_sentence

# Callers that are remembered before those of windows long past are forgotten.
MOST_CALLERS = 50_000


@dataclass(slots=True)
class Count:
    window: int
    forget_at: float
    now: int = 0
    before: int = 0


class Budgets:
    """A window that slides: what was counted in the one before weighs as much of it as is still within a period."""

    def __init__(self) -> None:
        self._counts: dict[tuple[object, ...], Count] = {}

    def spend(self, request: Request, principal: Principal | None) -> None:
        """Count one. Raises TooManyRequests; what is refused is not counted."""
        limit, *caller = _budget(request, principal)
        if wait := self._hit((limit, *caller), *_amount_and_period(settings.RATE_LIMITS[limit])):
            raise TooManyRequests(refusal_sentence(wait), wait)

    def _hit(self, key: tuple[object, ...], amount: int, period: int) -> float:
        """0 where it was counted, else the seconds to wait."""
        now = time.time()
        window, elapsed = divmod(now, period)
        count = self._counts.get(key)
        if count is None:
            self._forget_old(now)
            count = self._counts[key] = Count(int(window), now + 2 * period)
        elif count.window != window:
            count.before = count.now if count.window == window - 1 else 0
            count.window, count.now, count.forget_at = int(window), 0, now + 2 * period
        if count.now + count.before * (1 - elapsed / period) >= amount:
            return max(period - elapsed, 1)
        count.now += 1
        return 0

    def _forget_old(self, now: float) -> None:
        if len(self._counts) >= MOST_CALLERS:
            self._counts = {key: count for key, count in self._counts.items() if count.forget_at > now}
        if len(self._counts) >= MOST_CALLERS:
            # All of the last minutes: begin anew rather than look through them again at each new one.
            self._counts = {}


def _budget(request: Request, principal: Principal | None) -> tuple[str, *tuple[object, ...]]:
    if principal is None:
        return "public", network_of(request.address)
    if isinstance(principal, PersonPrincipal):
        return ("reads" if request.is_read else "writes"), "person", principal.organization_id, principal.user_id
    # A key and a person may have the same number.
    return ("reads" if request.is_read else "device_writes"), "key", principal.organization_id, principal.key_id


@cache
def _amount_and_period(text: str) -> tuple[int, int]:
    item = parse(text)
    return item.amount, item.get_expiry()
