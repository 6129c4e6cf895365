"""Whose web pages may call the API: asked by the middleware for plain requests, and for streams by their handshake."""

from __future__ import annotations

import re

from django.conf import settings

ANY = "*"
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?")
# What apps in a browser's shell and developers on their own machine send; nobody listens in between.
_ON_THIS_MACHINE = {"localhost", "127.0.0.1", "[::1]"}


def origin_is_allowed(origin: str) -> bool:
    """Letter by letter, as browsers compare. ``null`` (a sandboxed frame, a file) is nobody."""
    return origin in settings.CORS_ORIGINS or (ANY in settings.CORS_ORIGINS and origin != "null")


def problems_of_origins(origins: list[str], *, production: bool) -> list[str]:
    """Sentences about what no browser would ever send, or what production must not trust."""
    problems = []
    for origin in origins:
        parts = _ORIGIN.fullmatch(origin)
        if origin == ANY:
            if production:
                problems.append("CORS_ORIGINS must name origins in production, not *.")
        elif parts is None:
            problems.append(f"CORS_ORIGINS holds {origin!r}: an origin is like https://app.example, without a path.")
        elif production and parts[1] == "http" and parts[2] not in _ON_THIS_MACHINE:
            problems.append(f"CORS_ORIGINS holds {origin}; in production origins begin with https://.")
    return problems
