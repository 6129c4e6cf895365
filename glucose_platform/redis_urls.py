"""One REDIS_URL, several database numbers, and two ways to write the address of a Unix socket."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SOCKET_SCHEMES = {"unix", "redis+socket"}
NETWORK_SCHEMES = {"redis", "rediss"}


def redis_url_for(base: str, database: int, scheme: Literal["celery", "client"]) -> str:
    """The address of one database, for Celery (broker and results) or for redis-py and what builds on it.

    >>> redis_url_for("unix://:secret@/run/valkey.sock", 0, "celery")
    'redis+socket://:secret@/run/valkey.sock?virtual_host=0'
    """
    parts = urlsplit(base)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"db", "virtual_host"}]
    if parts.scheme in NETWORK_SCHEMES:
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", urlencode(query), ""))
    if parts.scheme not in SOCKET_SCHEMES:
        raise ValueError("REDIS_URL must start with redis://, rediss:// or unix://")
    name, key = ("redis+socket", "virtual_host") if scheme == "celery" else ("unix", "db")
    return f"{name}://{parts.netloc}{parts.path}?{urlencode([*query, (key, str(database))])}"
