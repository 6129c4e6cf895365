"""One exchange over HTTP, within bounds of time and size, and none of httpx's exceptions, which carry our headers."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NamedTuple

import httpx

from dexcom_sync.client.errors import ServerTrouble, TimedOut, Unreadable
from dexcom_sync.client.retries import read_http_date

LARGEST_ANSWER = 32 * 1024 * 1024
LARGEST_ERROR = LARGEST_TOKENS = 64 * 1024
_INFLATED_AT_ONCE = 256 * 1024
USER_AGENT = "glucose-platform"


class NothingSent(ServerTrouble):
    """No connection: the request cannot have been carried out."""


class Exchange(NamedTuple):
    """``seconds``: how long it took. ``server_time``: of the header Date, None where that told none."""

    status: int
    headers: httpx.Headers
    body: bytes
    seconds: float
    received_at: datetime
    server_time: datetime | None

    @property
    def clock_skew(self) -> float | None:
        """Seconds by which the server's clock is ahead of ours, give or take one."""
        if self.server_time is None:
            return None
        return (self.server_time - (self.received_at - timedelta(seconds=self.seconds / 2))).total_seconds()


def new_http_client(*, keeps_connections: bool = True) -> httpx.Client:
    """``keeps_connections=False`` for tokens: on a connection that the other side has closed meanwhile, nobody knows
    whether a refresh was carried out.
    """
    client = httpx.Client(
        follow_redirects=False,
        limits=httpx.Limits(max_connections=20, max_keepalive_connections=None if keeps_connections else 0),
        headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, identity"},
    )
    # A cookie of one patient's session must never go out with another's request.
    client.cookies.jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return client


def exchange(
    http: httpx.Client,
    request: Callable[[], httpx.Request],
    *,
    largest: int,
    longest_seconds: float,
) -> Exchange:
    """Raises ServerTrouble, TimedOut, NothingSent or Unreadable; gives everything that has a status."""
    began = time.monotonic()
    try:
        response = http.send(request(), stream=True)
        try:
            body = _read(response, largest if response.status_code == 200 else LARGEST_ERROR, began + longest_seconds)
        finally:
            response.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        trouble: ServerTrouble | Unreadable = NothingSent(code=_name(error))
    except httpx.TimeoutException as error:
        trouble = TimedOut(code=_name(error))
    except httpx.HTTPError as error:
        trouble = ServerTrouble(code=_name(error))
    except (Unreadable, TimedOut) as error:
        trouble = error
    else:
        now = datetime.now(UTC)
        date = read_http_date(response.headers.get("date"))
        return Exchange(response.status_code, response.headers, body, time.monotonic() - began, now, date)
    # Outside of the handler: as its context, httpx's exception would carry the request with its headers along.
    raise trouble


def _name(error: httpx.HTTPError) -> str:
    return type(error).__name__


def _read(response: httpx.Response, largest: int, deadline: float) -> bytes:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise Unreadable(code="content_encoding", status=response.status_code)
    inflater = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    body = bytearray()
    for chunk in response.iter_raw():
        if time.monotonic() > deadline:
            raise TimedOut(code="deadline")
        for piece in _inflated(inflater, chunk, response.status_code) if inflater else (chunk,):
            body += piece
            if len(body) > largest:
                return _too_large(response.status_code, body, largest)
    if inflater is not None and body and not inflater.eof:
        raise Unreadable(code="truncated", status=response.status_code, body=bytes(body))
    return bytes(body)


def _too_large(status: int, body: bytearray, largest: int) -> bytes:
    """Of an error, the beginning is enough."""
    if status == 200:
        raise Unreadable(code="too_large", status=status)
    return bytes(body[:largest])


def _inflated(inflater: zlib._Decompress, chunk: bytes, status: int) -> Iterator[bytes]:
    """One piece at a time: a few kilobytes may stand for gigabytes."""
    rest = chunk
    while rest and not inflater.eof:
        try:
            piece = inflater.decompress(rest, _INFLATED_AT_ONCE)
        except zlib.error:
            raise Unreadable(code="content_encoding", status=status) from None
        yield piece
        rest = inflater.unconsumed_tail
