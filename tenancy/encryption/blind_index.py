"""Exact look-up of a sealed value: a keyed digest, another one in each clinic.

Only for values that are hard to guess. A date of birth or a sex would be found by trying all.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS

from tenancy.encryption.keys import index_key
from tenancy.scope import required_organization_id

INDEX_BYTES = 16


def blind_index(*, field: str, value: str, using: str = DEFAULT_DB_ALIAS) -> bytes:
    """For the organization in scope. Case and outer blanks do not count; in a phone number only digits and + do."""
    key = index_key(required_organization_id(), using=using).material
    plain = _NORMALIZED.get(field, _folded)(value)
    return hmac.new(key, f"{field}|{plain}".encode(), hashlib.sha256).digest()[:INDEX_BYTES]


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip().casefold()


def _digits(value: str) -> str:
    """What has no digit at all keeps its letters: else all such texts would be one."""
    folded = _folded(value)
    return "".join(character for character in folded if character.isdigit() or character == "+") or folded


_NORMALIZED: dict[str, Callable[[str], str]] = {"phone": _digits}


def line_digest(*parts: str) -> bytes:
    """Tells the same text again in the organization in scope, letter by letter, without telling what it says."""
    key = index_key(required_organization_id()).material
    return hmac.new(key, "\0".join(("line", *parts)).encode(), hashlib.sha256).digest()[:INDEX_BYTES]
