"""One POST to somebody else's server: bounded in time and size, without redirects."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from alerts.deliveries.channels.guard import Target
from alerts.deliveries.channels.kind import NotSent

SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024
# Nothing that a later try would change. 404 is not among them: servers answer it while they are being renewed.
_REFUSED_FOR_GOOD = frozenset({400, 401, 402, 403, 405, 410, 411, 413, 414, 415, 422})


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    @property
    def was_taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        return 300 <= self.status < 400 or self.status in _REFUSED_FOR_GOOD

    def taken(self) -> str:
        """The result to note. Raises NotSent. What the server says is not repeated: it may quote the message."""
        if self.was_taken:
            return f"Taken (HTTP {self.status})."
        reason = "Redirects are not followed" if 300 <= self.status < 400 else "The server refused the message"
        raise NotSent(f"{reason} (HTTP {self.status}).", is_final=self.is_final)


def post(url: str, *, content: bytes, headers: Mapping[str, str], auth: Any = None) -> Answer:
    """To a service whose address the operator sets. Raises NotSent."""
    request = {"url": url, "content": content, "headers": {**_HEADERS, **headers}, "auth": auth}
    return _run(request, trust_env=True)


def post_to(target: Target, *, content: bytes, headers: Mapping[str, str]) -> Answer:
    """To an address that a clinic chose: connects to the judged address, and no proxy resolves the name anew."""
    host = target.url.host
    request = {
        "url": target.url.copy_with(host=target.address),
        "content": content,
        "headers": {**_HEADERS, **headers, "Host": target.url.netloc.decode("ascii")},
        # The certificate is checked against the name.
        "extensions": {"sni_hostname": host},
    }
    return _run(request, trust_env=False)


# Not compressed: a few kilobytes could unfold to a gigabyte.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "glucose-platform", "Content-Type": "application/json"}


def _run(request: dict[str, Any], *, trust_env: bool) -> Answer:
    try:
        # asyncio ends a call that trickles; time limits of single reads would not.
        return asyncio.run(asyncio.wait_for(_post(request, trust_env=trust_env), SECONDS))
    except TimeoutError as error:
        raise NotSent(f"The server did not answer within {SECONDS:.0f} seconds.") from error
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        raise NotSent(f"The connection failed ({type(error).__name__}).") from error


async def _post(request: dict[str, Any], *, trust_env: bool) -> Answer:
    async with (
        httpx.AsyncClient(verify=tls(), trust_env=trust_env, timeout=SECONDS, follow_redirects=False) as http,
        http.stream("POST", **request) as answer,
    ):
        body = b""
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > LARGEST_ANSWER:
                break
        return Answer(answer.status_code, body[:LARGEST_ANSWER])


@cache
def tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
