"""Identifiers that are the same in every run. Nothing but the first eight digits tells them from Dexcom's own."""

from __future__ import annotations

import hashlib
import uuid

MARK = "d5a11dba"
NAMESPACE = uuid.UUID("6a0d7bb0-5c05-5c0f-9a3e-2b1f2dca7a11")


def user_id(user: str, client_id: str) -> str:
    """Another one in each app, as Dexcom's."""
    return MARK + _digest("user", user, client_id)[: 64 - len(MARK)]


def transmitter_id(user: str, *parts: object) -> str:
    return MARK + _digest("transmitter", user, *parts)[: 64 - len(MARK)]


def record_id(user: str, *parts: object) -> str:
    """UUIDv5."""
    return record_ids("", ["/".join((user, *map(str, parts)))])[0]


def record_ids(prefix: str, names: list[str]) -> list[str]:
    """``record_id`` of many, without the cost of UUID objects."""
    start = hashlib.sha1(NAMESPACE.bytes + prefix.encode(), usedforsecurity=False)
    ids = []
    for name in names:
        digest = start.copy()
        digest.update(name.encode())
        text = digest.hexdigest()
        variant = "89ab"[int(text[16], 16) & 3]
        ids.append(f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}")
    return ids


def number_of(text: str) -> int:
    """A number of 32 bits for chance that depends on a name."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _digest(*parts: object) -> str:
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()
