"""Addresses that clinics choose: what may be called, and to which machine the call goes.

A name is resolved once. The address that was judged is the one that is connected to, so an answer that changes between
the two gains nothing.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpx
from django.conf import settings

from alerts.deliveries.channels.kind import NotSent

PORTS = frozenset({443, 8443})
LONGEST_URL = 2_000
# Labels and a last one that begins with a letter: 2130706433, 0x7f.1 and 127.1 are addresses in disguise.
_NAME = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE
)
_NAT64 = IPv6Network("64:ff9b::/96")
# Python calls some of them global. 168.63.129.16: Azure's own; 192.0.0.0/24 holds Oracle's metadata.
_NEVER = [
    ip_network(text)
    for text in (
        *("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "198.18.0.0/15", "240.0.0.0/4"),
        *("::/96", "64:ff9b:1::/48", "2001::/32", "fec0::/10", "100::/64", "5f00::/16"),
    )
]


class AddressRefused(ValueError):
    """The sentence says what to give instead."""


@dataclass(frozen=True, slots=True)
class Target:
    url: httpx.URL
    address: str


def read_url(text: str) -> httpx.URL:
    """What can be said without asking for the name's address. Raises AddressRefused."""
    try:
        url = httpx.URL(text)
        port = 443 if url.port is None else url.port
    except (httpx.InvalidURL, TypeError) as error:
        raise AddressRefused("This is not an address: give one such as https://hooks.example.org/alarms.") from error
    is_local = settings.WEBHOOKS_MAY_REACH_LOOPBACK and url.host == "localhost"
    if len(text) > LONGEST_URL or not text.isascii() or any(mark.isspace() for mark in text):
        raise AddressRefused(f"Give an address of at most {LONGEST_URL} plain characters, without spaces.")
    if url.scheme != "https" and not is_local:
        raise AddressRefused("Give an address that begins with https://: alarms do not travel unencrypted.")
    if url.userinfo or url.fragment:
        raise AddressRefused("Give the address without a user, a password or a part behind #.")
    if not is_local and not _NAME.fullmatch(url.host):
        raise AddressRefused("Give a host name such as hooks.example.org, not a number or a name of your own network.")
    if port not in PORTS and not is_local:
        raise AddressRefused("Give an address at port 443 or 8443.")
    return url


def resolve(text: str) -> Target:
    """Where to connect. Raises NotSent: for good where the address is refused, for now where nobody knows the name."""
    try:
        url = read_url(text)
    except AddressRefused as error:
        raise NotSent(str(error), is_final=True) from error
    try:
        answers = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("The host name could not be resolved.") from error
    addresses = [str(answer[4][0]) for answer in answers]
    # One inner address among good ones is an attempt: refuse the name, do not pick.
    if not addresses or not all(is_reachable(address) for address in addresses):
        raise NotSent("The host name leads to an inner network, which is never called.", is_final=True)
    return Target(url, addresses[0])


def is_reachable(text: str) -> bool:
    address = ip_address(text)
    if settings.WEBHOOKS_MAY_REACH_LOOPBACK and address.is_loopback:
        return True
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        address = _embedded(address) or address
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The address that a gateway would make of it."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
