"""What a seal says and how it is proven: digests of entries, the chain over them, the signature.

An entry's digest is the SHA-256 of its canonical text, cut to 16 bytes. A head is the SHA-256 of the head before and of
every digest in order. The signature covers what the seal says; the database does not have its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.models import Seal

DIGEST_BYTES = 16
FIRST_HEAD = bytes(32)

# Every column as text, in a form that no setting of a session changes.
CANONICAL = """
    organization_id::text, id::text, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), epoch::text,
    xid::text, actor_kind, actor_id, actor_name, actor_role, action, object_type, object_id, patient_id::text,
    patient_ids::text, host(ip), session, request_id, reason, outcome, count::text, changes::text
"""


class UnknownSigningKey(LookupError):
    """AUDIT_SIGNING_KEYS no longer has the key that signed a seal."""


def digest_of(columns: Sequence[str | None]) -> bytes:
    return hashlib.sha256(json.dumps(columns, ensure_ascii=False).encode()).digest()[:DIGEST_BYTES]


def head_after(previous: bytes, digests: Iterable[bytes]) -> bytes:
    head = hashlib.sha256(previous)
    for digest in digests:
        head.update(digest)
    return head.digest()


def digests_of(seal: Seal) -> list[bytes]:
    joined = bytes(seal.entry_digests)
    return [joined[place : place + DIGEST_BYTES] for place in range(0, len(joined), DIGEST_BYTES)]


def sign(seal: Seal) -> None:
    ring = settings.AUDIT_SIGNING_KEYS
    seal.key_name = ring.active
    seal.signature = _private_key(ring.active_key).sign(_statement(seal))


def is_signed(seal: Seal) -> bool:
    """Raises UnknownSigningKey where the settings no longer have the key."""
    key = settings.AUDIT_SIGNING_KEYS.keys.get(seal.key_name)
    if key is None:
        raise UnknownSigningKey(seal.key_name)
    try:
        _private_key(key).public_key().verify(bytes(seal.signature), _statement(seal))
    except InvalidSignature:
        return False
    return True


def _statement(seal: Seal) -> bytes:
    said = [
        *("audit-seal/v1", seal.organization_id, seal.number, seal.epoch, seal.upto_xid, seal.upto_id, seal.rows),
        *(_instant(seal.first_at), _instant(seal.last_at), _instant(seal.sealed_at), seal.key_name),
        *(bytes(seal.previous_head).hex(), bytes(seal.head).hex(), list(seal.entry_ids)),
    ]
    return json.dumps(said).encode()


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


@cache
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
