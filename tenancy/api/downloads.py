"""Files as answers, part by part: whichever server sends them asks for a part when it has sent the one before."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import IO

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

CHUNK = 64 * 1024


def download(parts: Generator[bytes], *, content_type: str, file_name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type=content_type)
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name)
    return response


def chunks_of(file: IO[bytes]) -> Generator[bytes]:
    """From its beginning; closes it."""
    with file:
        file.seek(0)
        yield from iter(partial(file.read, CHUNK), b"")
