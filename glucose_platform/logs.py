"""Structured log lines: JSON in production, readable on a terminal. Nothing that identifies a patient is logged."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog

from glucose_platform.log_forwarding import ToEventSink
from glucose_platform.log_scrubbing import CeleryWithoutValues, ExceptionsWithoutValues, scrub

# Whatever calls the logger with these keys loses their values: they would be clinical or secret.
HIDDEN_KEYS = frozenset(
    {"authorization", "body", "email", "glucose", "glucose_value", "key", "name", "password", "token", "value"}
)
# What an exception said, and what a task gave back.
HIDDEN_OF_TASKS = frozenset({"error", "reason", "result"})


def hide_values(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    hidden = HIDDEN_KEYS
    if str(event.get("logger", "")).startswith("django_structlog.celery"):
        hidden |= HIDDEN_OF_TASKS
    for key in hidden & event.keys():
        event[key] = "[hidden]"
    return event


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook.

    ``options``: ``level``; ``json``; ``messages``: tell those of all exceptions; ``events``: also to the event sink.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_values,
    ]
    renderer = structlog.processors.JSONRenderer() if options["json"] else structlog.dev.ConsoleRenderer(colors=False)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        ExceptionsWithoutValues(with_messages=options["messages"]),
                        scrub,
                        renderer,
                    ],
                },
                "event": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        ExceptionsWithoutValues(with_messages=False),
                        scrub,
                        structlog.processors.JSONRenderer(),
                    ],
                },
            },
            "filters": {"celery": {"()": CeleryWithoutValues}},
            "handlers": {
                "console": {"class": "logging.StreamHandler", "formatter": "structured", "filters": ["celery"]},
                "events": {"()": ToEventSink, "level": "INFO", "formatter": "event", "filters": ["celery"]},
            },
            "root": {
                "handlers": ["console", "events"] if options.get("events") else ["console"],
                "level": options["level"],
            },
            "loggers": {
                # They repeat with its path each request that RequestLog has logged, and print failed statements.
                "django.request": {"level": "CRITICAL"},
                "django.security.csrf": {"level": "CRITICAL"},
                "django.db.backends": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},
                # Its lines are the ledger's heads: no LOG_LEVEL ends their publishing.
                "audit.seals.publishing": {"level": "INFO"},
                # The web server brings handlers of its own, which would write past all this.
                "_granian": {"handlers": [], "propagate": True},
                "granian.access": {"handlers": [], "propagate": True},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
