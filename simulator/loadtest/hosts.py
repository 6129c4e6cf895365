"""Load goes to this machine, or to a host that whoever starts it names twice."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


class RefusedHostError(ValueError):
    """The text says what to do."""


def refuse_strangers(url: str, *, permitted: str) -> None:
    """``permitted``: the host that may be loaded besides this machine, or empty."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise RefusedHostError(f"{url!r} is no address of a server: give one as http://127.0.0.1:8000.")
    if not is_loopback(host) and host != permitted.lower():
        raise RefusedHostError(
            f"{host} is not this machine. Load on somebody's server is an attack unless they agreed to it: "
            f"if they did, add --i-may-load {host}."
        )


def is_loopback(host: str) -> bool:
    """By its text alone: what a name resolves to may change between the question and the load."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
