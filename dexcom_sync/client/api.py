"""The client of one region of Dexcom's API v3. It neither waits for limits nor tries again: who calls it decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from dexcom_sync.client.error_bodies import error_code
from dexcom_sync.client.errors import (
    BadRequest,
    DexcomError,
    Forbidden,
    NotFound,
    RateLimited,
    ServerTrouble,
    TokenRefusal,
    TokenRefused,
    Unauthorized,
    Unreadable,
)
from dexcom_sync.client.regions import Application
from dexcom_sync.client.retries import read_retry_after
from dexcom_sync.client.tokens import Tokens, is_token, read_tokens, refusal_of
from dexcom_sync.client.transport import LARGEST_ANSWER, LARGEST_TOKENS, Exchange, NothingSent, exchange
from dexcom_sync.records.envelopes import Envelope, EnvelopeFault, check_envelope
from dexcom_sync.records.outcomes import Resource
from dexcom_sync.records.windows import Window, format_query_time

DATA_TIMEOUT = httpx.Timeout(60, connect=5)
TOKEN_TIMEOUT = httpx.Timeout(30, connect=5)
# A read's time-out begins anew with each byte; these do not.
LONGEST_DATA_SECONDS = 180.0
LONGEST_TOKEN_SECONDS = 35.0

Noticed = Callable[[str, Exchange | DexcomError], None]


class Page(msgspec.Struct, frozen=True):
    """One answer with data. ``body``: the JSON as it came, inflated. ``fetched_at``: when it had come, aware;
    ``server_time``: the same by their clock, None where they did not tell.
    """

    resource: Resource
    window: Window | None
    body: bytes
    envelope: Envelope
    fetched_at: datetime
    server_time: datetime | None = None


class DexcomClient:
    """``http``, ``token_http``: of this process, from ``new_http_client()``; the latter keeps no connections.

    ``notice`` is told of every exchange: its name ("egvs", "token", ...) and what came of it.
    """

    def __init__(
        self,
        application: Application,
        *,
        http: httpx.Client,
        token_http: httpx.Client,
        notice: Noticed | None = None,
    ) -> None:
        self.application = application
        self._http = http
        self._token_http = token_http
        self._notice = notice or _nobody

    def authorization_url(self, state: str) -> str:
        return self.application.authorization_url(state)

    def exchange_code(self, code: str) -> Tokens:
        """Within a minute of its issue, and once. Raises TokenRefused, RateLimited or ServerTrouble."""
        return self._tokens(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": self.application.redirect_uri}
        )

    def refresh(self, refresh_token: str) -> Tokens:
        """Spends the token. Raises TokenRefused, also for an answer that was lost; RateLimited; or ServerTrouble, after
        which the token is as good as before.
        """
        return self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def data_range(self, access_token: str) -> Page:
        """Without lastSyncTime, which is known to answer wrongly."""
        return self._data(Resource.DATA_RANGE, access_token, None)

    def egvs(self, access_token: str, window: Window) -> Page:
        return self._data(Resource.EGVS, access_token, window)

    def events(self, access_token: str, window: Window) -> Page:
        return self._data(Resource.EVENTS, access_token, window)

    def calibrations(self, access_token: str, window: Window) -> Page:
        return self._data(Resource.CALIBRATIONS, access_token, window)

    def alerts(self, access_token: str, window: Window) -> Page:
        return self._data(Resource.ALERTS, access_token, window)

    def devices(self, access_token: str) -> Page:
        return self._data(Resource.DEVICES, access_token, None)

    def records(self, resource: Resource, access_token: str, window: Window) -> Page:
        """Any of egvs, events, calibrations and alerts."""
        return self._data(resource, access_token, window)

    def _data(self, resource: Resource, access_token: str, window: Window | None) -> Page:
        if not is_token(access_token):
            raise ValueError("This is no access token.")
        query = {}
        if window is not None:
            query = {"startDate": format_query_time(window.start), "endDate": format_query_time(window.end)}
        answer = self._told(
            resource,
            lambda: exchange(
                self._http,
                lambda: self._http.build_request(
                    "GET",
                    f"{self.application.base_url}/v3/users/self/{resource}",
                    params=query,
                    headers={"Authorization": f"Bearer {access_token}"},
                    timeout=DATA_TIMEOUT,
                ),
                largest=LARGEST_ANSWER,
                longest_seconds=LONGEST_DATA_SECONDS,
            ),
        )
        if answer.status != 200:
            raise _data_error(answer)
        return Page(resource, window, answer.body, _envelope(answer, resource), answer.received_at, answer.server_time)

    def _tokens(self, form: dict[str, str]) -> Tokens:
        asked_at = datetime.now(UTC)
        credentials = {
            "client_id": self.application.client_id,
            "client_secret": self.application.client_secret,
        }
        answer: Exchange | DexcomError
        try:
            answer = self._told(
                "token",
                lambda: exchange(
                    self._token_http,
                    lambda: self._token_http.build_request(
                        "POST", self.application.token_url, data={**form, **credentials}, timeout=TOKEN_TIMEOUT
                    ),
                    largest=LARGEST_TOKENS,
                    longest_seconds=LONGEST_TOKEN_SECONDS,
                ),
            )
        except NothingSent:
            raise
        except (ServerTrouble, Unreadable) as error:
            answer = error
        if isinstance(answer, DexcomError):
            raise TokenRefused(TokenRefusal.AMBIGUOUS, status=answer.status, code=answer.code)
        if answer.status != 200:
            raise _token_error(answer)
        tokens = read_tokens(answer.body, asked_at=asked_at)
        if tokens is None:
            raise TokenRefused(TokenRefusal.AMBIGUOUS, status=200, code="unreadable_tokens")
        return tokens

    def _told(self, name: str, call: Callable[[], Exchange]) -> Exchange:
        try:
            answer = call()
        except DexcomError as error:
            self._notice(name, error)
            raise
        self._notice(name, answer)
        return answer


def _nobody(name: str, outcome: Exchange | DexcomError) -> None:
    return


def _data_error(answer: Exchange) -> DexcomError:
    status = answer.status
    # Never branched on: for logs.
    code = error_code(answer.body)
    retry_after = _retry_after(answer)
    if status == 429:
        return RateLimited(retry_after=retry_after, code=code)
    if status >= 500 or status == 408 or 300 <= status < 400:
        return ServerTrouble(status=status, code=code, retry_after=retry_after)
    if status < 300:
        return Unreadable(status=status, code="not_200", body=answer.body)
    kind = {401: Unauthorized, 403: Forbidden, 404: NotFound}.get(status, BadRequest)
    return kind(status=status, code=code)


def _token_error(answer: Exchange) -> DexcomError:
    status = answer.status
    if status == 429:
        return RateLimited(retry_after=_retry_after(answer), code=error_code(answer.body))
    if 400 <= status < 500 and status != 408:
        return refusal_of(status, answer.body)
    if status >= 500 and answer.body:
        return ServerTrouble(status=status, code=error_code(answer.body), retry_after=_retry_after(answer))
    return TokenRefused(TokenRefusal.AMBIGUOUS, status=status, code="no_answer")


def _retry_after(answer: Exchange) -> float | None:
    # A date is by their clock.
    return read_retry_after(answer.headers.get("retry-after"), answer.server_time or answer.received_at)


def _envelope(answer: Exchange, resource: Resource) -> Envelope:
    envelope = check_envelope(_decoded(answer.body), resource)
    if isinstance(envelope, EnvelopeFault):
        raise Unreadable(code=envelope, body=answer.body)
    return envelope


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError):
        decoded = _decoded_leniently(body)
    if decoded is _NOTHING:
        raise Unreadable(code="not_json", body=body)
    return decoded


_NOTHING = object()


def _decoded_leniently(body: bytes) -> Any:
    """One NaN or broken character costs one record, not the page."""
    try:
        return json.loads(body.decode("utf-8", "surrogateescape"))
    except (RecursionError, UnicodeError, ValueError):
        return _NOTHING
