"""What must not stand in a log is taken out of every line, whoever wrote it and wherever in it it stands.

The first line of defence is not to log it. This is the second: messages of exceptions, of libraries and of Celery are
made of values that nobody chose.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import Any

import psycopg
import redis
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError

HIDDEN = "[hidden]"
# Their messages tell of connections, files and settings, and hold no rows.
TELLING = (
    OSError,
    ImproperlyConfigured,
    InterfaceError,
    OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    redis.RedisError,
)
_SECRETS = [
    (re.compile(r"\b(gl[ipr]_)[0-9A-Za-z._-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]*){1,4}"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)\b(x-api-key[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]+"), rf"\1{HIDDEN}"),
    # The one-use links: whoever reads the line could use them first.
    (re.compile(r"(/account/[a-z-]+/)[^\s\"'?]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)([?&](?:code|key|otp|state|ticket)=)[^\s\"'&;)]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b([a-z_]*(?:password|secret|token)=)[^\s\"'&;)]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)([\"'](?:[a-z_]*(?:password|secret|token)|otp)[\"']:\s*[\"'])[^\"']+"), rf"\1{HIDDEN}"),
    # Before e-mail addresses, which a password and a host look like.
    (re.compile(r"(://)[^/\s@\"']*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"[^\s\"'<>()=,;:/@]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*\.[A-Za-z][0-9A-Za-z-]+"), HIDDEN),
]
# Each pattern has one of these in lower case; looking for them first makes a line ten times cheaper.
_HINTS = (
    "glp_",
    "glr_",
    "gli_",
    "/account/",
    "eyj",
    "@",
    "=",
    "bearer",
    "basic",
    "api-key",
    "password",
    "secret",
    "token",
    "otp",
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CELERYS_VALUES = ("args", "kwargs", "exc", "traceback", "return_value", "data")


def without_secrets(text: str) -> str:
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return text
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def scrub(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Secrets go out of every text, and a line break that a client sent begins no line.

    The last of the processors but the renderer, which then finds plain values only.
    """
    return {_scrubbed(key): value if key == "exception" else _scrubbed(value) for key, value in event.items()}


def _scrubbed(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(inner) for inner in value]
    text = without_secrets(str(value))
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class ExceptionsWithoutValues:
    """Where it happened and of which kind it was. What a message repeats of a row or a body is left out."""

    def __init__(self, *, with_messages: bool) -> None:
        self.with_messages = with_messages

    def __call__(self, logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        given = event.pop("exc_info", None)
        error = given[1] if isinstance(given, tuple) else sys.exception() if given is True else given
        if isinstance(error, BaseException):
            # Indented, so that it stays readable and none of its lines looks like the beginning of another event.
            event["exception"] = "\n".join(self._lines(error))
        return event

    def _lines(self, error: BaseException) -> list[str]:
        lines: list[str] = []
        # A chain may be a ring.
        seen: set[int] = set()
        following: BaseException | None = error
        while following is not None and id(following) not in seen:
            seen.add(id(following))
            lines += [
                f"  {frame.filename}:{frame.lineno} in {frame.name}"
                for frame in traceback.extract_tb(following.__traceback__)
            ]
            lines.append(f"  {type(following).__module__}.{type(following).__qualname__}: {self._message(following)}")
            following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
            if following is not None:
                lines.append("  which came of")
        return lines

    def _message(self, error: BaseException) -> str:
        if self.with_messages or isinstance(error, TELLING):
            return str(_scrubbed(str(error)))
        return HIDDEN


class CeleryWithoutValues(logging.Filter):
    """Celery's own lines repeat what a task was given, what it gave back and what its exception said."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("celery") and isinstance(record.args, dict):
            record.args = {name: HIDDEN if name in _CELERYS_VALUES else item for name, item in record.args.items()}
        return True
