"""A request as the server hands it over, with what handlers ask of it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError

from tenancy.addresses import address_behind_proxies
from tenancy.api.errors import Unprocessable
from tenancy.api.parsers import BodyTooLarge
from tenancy.api.routing import PUBLIC, Route
from tenancy.api.strict_json import JSONProblem, parse_strict_json
from tenancy.request_ids import request_id_of

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

GZIP_WINDOW = 31
BODY_SECONDS = 30
CUT_SHORT = "The body ended before its Content-Length."


class UnknownEncoding(APIException):
    status_code = 415
    default_detail = "Send the body with Content-Encoding: gzip, or without an encoding."
    default_code = "unsupported_encoding"


class TooSlow(APIException):
    status_code = 408
    default_detail = f"The body did not arrive within {BODY_SECONDS} seconds."
    default_code = "too_slow"


class Request:
    """Made for every request, so with slots, and with what each is asked for several times worked out once."""

    __slots__ = ("headers", "id", "is_read", "method", "method_of_route", "parameters", "receive", "route", "scope")

    def __init__(self, scope: Scope, receive: Receive, route: Route, parameters: dict[str, str]) -> None:
        self.scope = scope
        self.receive = receive
        self.route = route
        self.parameters = parameters
        self.method = str(scope["method"])
        self.is_read = self.method in ("GET", "HEAD")
        self.method_of_route = "GET" if self.is_read else self.method
        self.headers = _headers(scope)
        self.id = request_id_of(self.headers.get("x-request-id", ""))

    @property
    def is_public(self) -> bool:
        """Answered to anybody, without a look at who asks: it also works while the database is away."""
        return self.route.access[self.method_of_route] == PUBLIC

    @property
    def address(self) -> str:
        client = self.scope.get("client") or ("", 0)
        return address_behind_proxies(str(client[0] or ""), self.headers.get("x-forwarded-for", ""))

    @property
    def query(self) -> dict[str, list[str]]:
        text = self.scope.get("query_string", b"").decode("latin-1")
        if not text:
            return {}
        try:
            return parse_qs(text, keep_blank_values=True, max_num_fields=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)
        except ValueError:
            raise ParseError("The query has too many parameters.") from None

    async def json(self) -> Any:
        """Raises 400 for what is no JSON, 408, 413, 415, and 422 ``missing`` for an absent body."""
        raw = await self._inflated()
        try:
            value = parse_strict_json(raw) if raw else None
        except JSONProblem as problem:
            raise ParseError(str(problem)) from None
        if value is None:
            raise Unprocessable([{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}])
        return value

    async def _inflated(self) -> bytes:
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("gzip", "identity", ""):
            raise UnknownEncoding
        raw = await self._body()
        return _gunzip(raw) if encoding == "gzip" and raw else raw

    async def _body(self) -> bytes:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        told = int(self.headers.get("content-length") or 0)
        if told > limit:
            raise BodyTooLarge
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._all_of_it(limit)
        except TimeoutError:
            raise TooSlow from None
        # Servers hand over what arrived before the connection broke, without an error.
        if len(body) < told:
            raise ParseError(CUT_SHORT)
        return body

    async def _all_of_it(self, limit: int) -> bytes:
        body = bytearray()
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ParseError(CUT_SHORT)
            body += message.get("body", b"")
            if len(body) > limit:
                raise BodyTooLarge
            if not message.get("more_body"):
                return bytes(body)


def _headers(scope: Scope) -> dict[str, str]:
    """By small names; repeated ones are joined by a comma, as RFC 9110 reads them."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _gunzip(raw: bytes) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    inflater = zlib.decompressobj(GZIP_WINDOW)
    try:
        inflated = inflater.decompress(raw, limit + 1)
    except zlib.error:
        raise ParseError("The body is not valid gzip.") from None
    if len(inflated) > limit:
        raise BodyTooLarge
    if not inflater.eof or inflater.unused_data:
        raise ParseError("The body is not one whole gzip member.")
    return inflated
