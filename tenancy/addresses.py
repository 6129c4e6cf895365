"""The address a request came from: the one function that log, audit and limits ask."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    return address_behind_proxies(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_behind_proxies(peer: str, forwarded_for: str) -> str:
    """The peer, or behind trusted proxies the address that the outermost of them saw; an IP address or empty.

    Each proxy appends whom it heard to X-Forwarded-For; whatever stands further left came with the request, and
    anybody can write it.
    """
    peer = _without_port(peer)
    if not settings.TRUST_PROXY:
        return peer
    entries = [entry for entry in forwarded_for.split(",") if entry.strip()]
    # A shorter list than there are proxies was written by those proxies alone.
    told = entries[-settings.PROXY_COUNT :][:1]
    return (_without_port(told[0]) if told else "") or peer


def limited_address(request: HttpRequest) -> str:
    """What limits count by: of IPv6 the /64, all of which one customer has to choose from."""
    return network_of(client_address(request))


def network_of(text: str) -> str:
    address = _parsed(text)
    return str(IPv6Network((address, 64), strict=False)) if isinstance(address, IPv6Address) else text


@lru_cache(maxsize=10_000)
def _without_port(text: str) -> str:
    """The canonical form, or empty where it is none: it goes into lines of a log."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = _parsed(text)
    return str(address) if address else ""


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        # Without the zone of a link-local address: it says nothing elsewhere, may hold anything, and is no inet.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
