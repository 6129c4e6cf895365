"""The body of a device's request: JSON whatever Content-Type says, gzip or not, bounded after inflation."""

from __future__ import annotations

import zlib
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from rest_framework.exceptions import APIException, ParseError

from tenancy.api.errors import Unprocessable
from tenancy.api.parsers import BodyTooLarge
from tenancy.api.strict_json import JSONProblem, parse_strict_json

GZIP_WINDOW = 31
CUT_SHORT = "The body ended before its Content-Length."


class UnknownEncoding(APIException):
    status_code = 415
    default_detail = "Send the body with Content-Encoding: gzip, or without an encoding."
    default_code = "unsupported_encoding"


class LengthRequired(APIException):
    status_code = 411
    default_detail = "Send the body with a Content-Length: chunked bodies are not read."
    default_code = "length_required"


def read_json_body(request: HttpRequest) -> Any:
    """Raises 400 for what is no JSON, 411, 413, 415, and 422 ``missing`` for an absent body."""
    raw = _inflated(request)
    try:
        value = parse_strict_json(raw) if raw else None
    except JSONProblem as problem:
        raise ParseError(str(problem)) from None
    if value is None:
        raise Unprocessable([{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}])
    return value


def _inflated(request: HttpRequest) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("gzip", "identity", ""):
        raise UnknownEncoding
    raw = _raw(request)
    return _gunzip(raw) if encoding == "gzip" and raw else raw


def _raw(request: HttpRequest) -> bytes:
    if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired
    try:
        raw = request.body
    except RequestDataTooBig:
        raise BodyTooLarge from None
    except UnreadablePostError:
        raise ParseError(CUT_SHORT) from None
    # Servers hand over what arrived before the connection broke, without an error.
    if len(raw) < int(request.META.get("CONTENT_LENGTH") or 0):
        raise ParseError(CUT_SHORT)
    return raw


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
