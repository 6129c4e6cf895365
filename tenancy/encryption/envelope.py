"""The form of a sealed value: ``0x01 | key id (4 bytes) | nonce (12) | ciphertext and tag``, AES-256-GCM.

The associated data hold the header and where the value stands, so it opens nowhere else. Nonces are random: a key
seals far fewer than 2**32 values before it is rotated.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenancy.encryption.alarms import refuse_tampered

VERSION = 1
HEADER = struct.Struct(">BI")
NONCE_BYTES, TAG_BYTES = 12, 16
SHORTEST = HEADER.size + NONCE_BYTES + TAG_BYTES
LAST_KEY_ID = 2**32 - 1
# An empty text is stored as it is: it needs no key, and that something is empty shows in any case.
EMPTY = b""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands. Renaming the table or the field makes every value there unreadable: re-seal in that case.

    ``organization_id`` None: a table of persons, which belongs to no clinic. ``row``: the row's public id.
    """

    organization_id: int | None
    table: str
    field: str
    row: str

    def associated_data(self, header: bytes) -> bytes:
        parts = ("glucose/v1", str(self.organization_id or 0), self.table, self.field, self.row)
        return header + "\0".join(parts).encode()


def seal(text: str, *, key_id: int, cipher: AESGCM, place: Place) -> bytes:
    header = HEADER.pack(VERSION, key_id)
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + cipher.encrypt(nonce, text.encode(), place.associated_data(header))


def key_id_of(sealed: bytes, place: Place) -> int:
    """Raises TamperedError for what is no sealed value at all."""
    version, key_id = HEADER.unpack_from(sealed) if len(sealed) >= SHORTEST else (0, 0)
    if version != VERSION:
        refuse_tampered(table=place.table, field=place.field, key_id=key_id)
    return int(key_id)


def open_sealed(sealed: bytes, *, cipher: AESGCM, place: Place) -> str:
    """Raises TamperedError unless the value was sealed with this key for this place."""
    begins = HEADER.size + NONCE_BYTES
    header, nonce, rest = sealed[: HEADER.size], sealed[HEADER.size : begins], sealed[begins:]
    try:
        return cipher.decrypt(nonce, rest, place.associated_data(header)).decode()
    except (InvalidTag, UnicodeDecodeError):
        refuse_tampered(table=place.table, field=place.field, key_id=key_id_of(sealed, place))
