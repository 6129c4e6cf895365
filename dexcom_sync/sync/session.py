"""Calls for one connection: with a token that opens, within the budget of calls, and for the right person."""

from __future__ import annotations

import time
from collections.abc import Callable

from dexcom_sync.client import (
    DexcomClient,
    DexcomError,
    Forbidden,
    Page,
    TimedOut,
    Tokens,
    Unauthorized,
    seconds_to_next_try,
)
from dexcom_sync.limiter import Lane, Limiter, MustWait
from dexcom_sync.metrics import count
from dexcom_sync.models import Connection
from dexcom_sync.records.outcomes import Resource
from dexcom_sync.records.windows import Window
from dexcom_sync.services.tokens import Access, SignInInDoubt, access_for

# Longer waits are not slept through by a worker: it hands the connection back to the schedule.
SLEEPS_AT_MOST = 5.0


class WrongPerson(Exception):
    """The answer is about another account than the one that was connected. Nothing of it may be kept."""


class Session:
    """``lane``: how urgent its calls are. ``sleep``: waits the short times between tries."""

    def __init__(
        self,
        connection: Connection,
        client: DexcomClient,
        limiter: Limiter,
        *,
        lane: Lane,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self._client = client
        self._limiter = limiter
        self._lane = lane
        self._sleep = sleep

    def get(self, resource: Resource, window: Window | None = None) -> Page:
        """One answer that is this connection's. Tries again what may pass soon.

        Raises MustWait, WrongPerson, TokenError, or the DexcomError of the last try.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return self._checked(self._authorized(resource, window))
            except DexcomError as error:
                wait = seconds_to_next_try(error, tries)
                # A window that is too slow twice is too long: it is halved.
                if wait is None or wait > SLEEPS_AT_MOST or (isinstance(error, TimedOut) and tries > 1):
                    raise
            except MustWait as must:
                # No call was made.
                tries, wait = tries - 1, must.seconds
                if wait > SLEEPS_AT_MOST:
                    raise
            self._sleep(wait)

    def access(self, *, refused: int | None = None) -> Access:
        return access_for(self.connection, self._refresh, refused=refused)

    def _authorized(self, resource: Resource, window: Window | None) -> Page:
        access = self.access()
        try:
            return self._call(resource, access, window)
        except Unauthorized:
            access = self.access(refused=access.generation)
        except Forbidden as error:
            raise SignInInDoubt("forbidden") from error
        try:
            return self._call(resource, access, window)
        except (Unauthorized, Forbidden) as error:
            raise SignInInDoubt("unauthorized") from error

    def _call(self, resource: Resource, access: Access, window: Window | None) -> Page:
        with self._limiter.permitted(self._lane):
            if resource is Resource.DATA_RANGE:
                return self._client.data_range(access.value)
            if resource is Resource.DEVICES or window is None:
                return self._client.devices(access.value)
            return self._client.records(resource, access.value, window)

    def _refresh(self, refresh_token: str) -> Tokens:
        with self._limiter.permitted(Lane.TOKEN):
            return self._client.refresh(refresh_token)

    def _checked(self, page: Page) -> Page:
        bound = self.connection.dexcom_user_id
        if bound and page.envelope.user_id != bound:
            count("user_mismatches")
            raise WrongPerson
        return page
