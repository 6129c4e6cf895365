"""Files as answers, part by part, whichever server sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from functools import partial
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

CHUNK = 64 * 1024


def download(
    request: HttpRequest, parts: Generator[bytes], *, content_type: str, file_name: str
) -> StreamingHttpResponse:
    # Served by ASGI, Django would first make a list of what a plain iterator gives.
    body: Any = _in_threads(parts) if isinstance(request, ASGIRequest) else parts
    response = StreamingHttpResponse(body, content_type=content_type)
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name)
    return response


def chunks_of(file: IO[bytes]) -> Generator[bytes]:
    """From its beginning; closes it."""
    with file:
        file.seek(0)
        yield from iter(partial(file.read, CHUNK), b"")


async def _in_threads(parts: Generator[bytes]) -> AsyncIterator[bytes]:
    def next_part() -> bytes | None:
        return next(parts, None)

    try:
        while (part := await sync_to_async(next_part)()) is not None:
            yield part
    finally:
        await sync_to_async(parts.close)()
