"""Structured log lines: JSON in production, readable on a terminal. Nothing that identifies a patient is logged."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog

# Whatever calls the logger with these keys loses their values: they would be clinical or secret.
HIDDEN_KEYS = frozenset(
    {"authorization", "body", "email", "glucose", "glucose_value", "key", "name", "password", "token", "value"}
)


def hide_values(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key in HIDDEN_KEYS & event.keys():
        event[key] = "[hidden]"
    return event


def configure(options: dict[str, Any]) -> None:
    """``options``: ``level`` and ``json``; the form that Django's LOGGING_CONFIG hook hands over."""
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
                        structlog.processors.format_exc_info,
                        renderer,
                    ],
                }
            },
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["console"], "level": options["level"]},
            "loggers": {
                # They repeat with its path each request that RequestLog has logged, and print failed statements.
                "django.request": {"level": "CRITICAL"},
                "django.security.csrf": {"level": "CRITICAL"},
                "django.db.backends": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},
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
