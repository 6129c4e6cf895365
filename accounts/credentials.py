"""What a request presents to say who asks. The credential alone says it, never a path, a cookie or a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Credential(NamedTuple):
    kind: Literal["key", "token"]
    text: str


def sent_credential(headers: Mapping[str, str]) -> Credential | None:
    """``headers``: found by their small names. Nothing is checked yet but the form; X-API-Key goes before a bearer."""
    if key := headers.get("x-api-key"):
        return Credential("key", key)
    scheme, _, text = headers.get("authorization", "").partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not text:
        return None
    return Credential("token" if _is_token(text) else "key", text)


def _is_token(text: str) -> bool:
    """Three parts joined by dots, which the alphabet of keys does not have."""
    return text.count(".") == 2
