"""Answers of the data plane: the same bodies and headers as everywhere else on the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import psycopg
import structlog
from django.conf import settings
from psycopg_pool import PoolTimeout

from edge.grouping import Overloaded
from edge.requests import Request, Send
from tenancy.api.errors import DATABASE_IS_AWAY, SERVER_ERROR, Spoken, spoken_error
from tenancy.browser_headers import PERMISSIONS_POLICY
from tenancy.origins import origin_is_allowed

log = structlog.get_logger(__name__)
OVERLOADED = "The platform has more to do than it can at the moment. Please try again."
# Sentences of REST framework are a kind of str of its own.
_encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """``body``: what becomes JSON, or JSON that is encoded already."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else _encode(self.body)


def answer_to(error: Exception) -> Answer:
    if isinstance(error, Overloaded):
        return Answer({"detail": OVERLOADED}, 503, {"Retry-After": "1"})
    spoken = DATABASE_IS_AWAY if _is_away(error) else spoken_error(error, lambda: (None, ("query",)))
    if spoken is None:
        log.error("edge_failed", exc_info=error)
        spoken = Spoken(500, SERVER_ERROR, {})
    return Answer({"detail": spoken.detail}, spoken.status, spoken.headers)


async def send_answer(send: Send, request: Request, answer: Answer) -> None:
    body = answer.encoded()
    headers = [
        (b"content-type", b"application/json"),
        *headers_for(request),
        (b"content-length", b"%d" % len(body)),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


def headers_for(request: Request) -> list[tuple[bytes, bytes]]:
    """Those of every answer, whatever its body."""
    return [*_constant_headers(), (b"x-request-id", request.id.encode("latin-1")), *_grants(request)]


def _is_away(error: Exception) -> bool:
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout)


def _grants(request: Request) -> list[tuple[bytes, bytes]]:
    """To web pages of other origins, after CORS."""
    origin = request.headers.get("origin", "")
    if not origin or not origin_is_allowed(origin):
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", ", ".join(settings.CORS_EXPOSE_HEADERS).encode("latin-1")),
    ]


@cache
def _constant_headers() -> list[tuple[bytes, bytes]]:
    headers = {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": PERMISSIONS_POLICY,
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "vary": "origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": settings.X_FRAME_OPTIONS,
    }
    if settings.SECURE_HSTS_SECONDS:
        headers["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
