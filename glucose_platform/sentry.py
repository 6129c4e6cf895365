"""Errors told to a Sentry, where SENTRY_DSN names one: which kind, where in the code, in which request.

An event is made here from nothing and holds only what is named here. What the SDK would add by itself (bodies, headers,
variables of the code, texts of exceptions, names of hosts) is never gathered, and taken out again before sending.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from glucose_platform.log_scrubbing import HIDDEN, TELLING, without_secrets

ALLOWED = frozenset(
    {
        "event_id",
        "timestamp",
        "platform",
        "level",
        "logger",
        "release",
        "environment",
        "exception",
        "tags",
        "transaction",
    }
)
_TAGS = ("request_id", "task", "request")


def begin() -> None:
    """Call it once, after the logging is configured."""
    if not settings.SENTRY_DSN:
        return
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: pip install 'glucose-platform[sentry]', or unset it."
        ) from None
    sentry_sdk.init(
        settings.SENTRY_DSN,
        release=settings.VERSION,
        environment=settings.APP_ENV,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        before_send=_only_what_is_allowed,
    )
    logging.getLogger().addHandler(ToSentry(logging.ERROR))


def _only_what_is_allowed(event: Any, hint: Any) -> Any:
    return {name: value for name, value in event.items() if name in ALLOWED}


class ToSentry(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        import sentry_sdk

        if record.name.startswith("sentry_sdk"):
            return
        try:
            sentry_sdk.capture_event(_event(record))
        except Exception:  # noqa: BLE001  a Sentry that fails must not fail a request
            self.handleError(record)


def _event(record: logging.LogRecord) -> Any:
    # Lines of our own are dictionaries with a word of ours; the text of a library's line may hold anything.
    said: dict[str, Any] = record.msg if isinstance(record.msg, dict) else {}
    error = _error(record, said)
    tags = {name: without_secrets(str(said[name])) for name in _TAGS if name in said}
    event: dict[str, Any] = {
        "platform": "python",
        "level": record.levelname.lower(),
        "logger": str(said.get("logger", record.name)),
        "transaction": str(said.get("event", record.name)) if said else record.name,
        "tags": tags,
    }
    if error is not None:
        event["exception"] = {"values": _values(error)}
    return event


def _error(record: logging.LogRecord, said: dict[str, Any]) -> BaseException | None:
    given = record.exc_info or said.get("exc_info")
    error = given[1] if isinstance(given, tuple) else sys.exception() if given is True else given
    return error if isinstance(error, BaseException) else None


def _values(error: BaseException) -> list[dict[str, Any]]:
    """The cause first, as Sentry wants it."""
    values: list[dict[str, Any]] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        frames = [
            {"filename": frame.filename, "function": frame.name, "lineno": frame.lineno}
            for frame in traceback.extract_tb(following.__traceback__)
        ]
        text = without_secrets(str(following)) if isinstance(following, TELLING) else HIDDEN
        kind = type(following)
        values.append(
            {"type": kind.__qualname__, "module": kind.__module__, "value": text, "stacktrace": {"frames": frames}}
        )
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return values[::-1]
