"""What tells two payloads apart: the beginning of a SHA-256 of the JSON in one canonical form."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

DIGEST_BYTES = 16
_encode = msgspec.json.Encoder(order="deterministic").encode


def payload_digest(payload: object) -> bytes:
    """The same for the same JSON, however its members were ordered; never raises."""
    try:
        canonical = _encode(payload)
    except (OverflowError, RecursionError, TypeError, UnicodeError, ValueError, msgspec.MsgspecError):
        return _digest_of_anything(payload)
    return sha256(canonical).digest()[:DIGEST_BYTES]


def _digest_of_anything(payload: object) -> bytes:
    """For what JSON allows and encoders refuse: lone surrogates, huge integers, any depth."""
    digest = sha256()
    waiting: list[Any] = [payload]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            digest.update(b"{%d" % len(value))
            for key in sorted(value, key=str):
                waiting += (value[key], key)
        elif isinstance(value, list):
            digest.update(b"[%d" % len(value))
            waiting += value
        else:
            digest.update(_scalar(value))
    return digest.digest()[:DIGEST_BYTES]


def _scalar(value: object) -> bytes:
    if isinstance(value, str):
        text = value
    elif isinstance(value, int) and not isinstance(value, bool):
        # repr() refuses integers of thousands of digits.
        text = hex(value)
    else:
        text = repr(value)
    encoded = text.encode("utf-8", "surrogatepass")
    return b"%s%d:%s" % (type(value).__name__.encode(), len(encoded), encoded)
