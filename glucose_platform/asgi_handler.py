"""Django's side of the ASGI application, with the bounds that a WSGI server would set it.

Django itself gives every request a thread of its own, keeps bodies of any size and collects what should be streamed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextvars import copy_context
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from rest_framework.exceptions import APIException

from edge.requests import BODY_SECONDS, TooSlow
from glucose_platform.requests import UTF8ASGIRequest
from tenancy.api.parsers import BodyTooLarge

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# In the scope of a request that is being worked on.
TURN = "glucose_platform.turn"
_END = object()


class DjangoInTurns(ASGIHandler):
    """``at_once``: requests that have a thread, and with it a database connection. Slow senders wait for none."""

    request_class = UTF8ASGIRequest

    def __init__(self, *, at_once: int) -> None:
        super().__init__()
        self._turns = asyncio.Semaphore(at_once)

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if _told_length(scope) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            receive = _without_body(receive)
        try:
            await super().handle(scope, receive, send)
        except (TooSlow, BodyTooLarge) as refused:
            await _answer(send, refused)
        finally:
            if scope.get(TURN):
                self._turns.release()

    async def read_body(self, receive: Receive) -> Any:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await super().read_body(_limited(receive))
        except TimeoutError:
            raise TooSlow from None

    async def run_get_response(self, request: Any) -> Any:
        # Given back in handle(), when the connection is too.
        await self._turns.acquire()
        request.scope[TURN] = True
        response: Any = await super().run_get_response(request)
        if response.streaming and not response.is_async:
            response.streaming_content = _as_they_come(response.streaming_content)
        return response


async def _as_they_come(parts: Iterable[bytes]) -> AsyncIterator[Any]:
    # One context for all: a part may leave a scope that the part before it entered.
    iterator, context = iter(parts), copy_context()
    while (part := await sync_to_async(context.run)(next, iterator, _END)) is not _END:
        yield part


def _told_length(scope: Message) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"")
    return int(told) if told.isdigit() else 0


def _without_body(receive: Receive) -> Receive:
    """Django answers 413 by the told length alone; what comes is thrown away instead of kept."""
    asked = False

    async def nothing() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await receive())["type"] != "http.disconnect":
            pass
        return message

    return nothing


def _limited(receive: Receive) -> Receive:
    """For bodies in chunks, which tell no length."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        return message

    return counted


async def _answer(send: Send, refused: APIException) -> None:
    body = json.dumps({"detail": str(refused.detail)}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": refused.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
