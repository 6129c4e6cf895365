"""Results that are kept in Valkey for a while: sealed, since who reads Valkey shall read nothing about a patient."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from functools import cache as once

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.cache import caches
from django.utils.crypto import salted_hmac
from prometheus_client import Counter

from tenancy.scope import required_organization_id

SECONDS = 15 * 60
_NONCE = 12

KEPT = Counter("glucose_results_total", "Results of analytics that were asked for", ["found"])


def kept(name: str, version: str, make: Callable[[], bytes]) -> bytes:
    """What was made for this name of the organization in scope from this version, or what ``make`` makes now.

    One version is kept for each name. Without Valkey everything is made anew.
    """
    place = f"organization-{required_organization_id()}/{name}"
    asked = f"{version}\0".encode()
    plain = _opened(caches["results"].get(name), place)
    if plain is not None and plain.startswith(asked):
        KEPT.labels("yes").inc()
        return zlib.decompress(plain[len(asked) :])
    KEPT.labels("no").inc()
    made = make()
    caches["results"].set(name, _sealed(asked + zlib.compress(made, 1), place), SECONDS)
    return made


def _sealed(plain: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + _cipher().encrypt(nonce, plain, place.encode())


def _opened(sealed: bytes | None, place: str) -> bytes | None:
    """None also for what was not sealed by us for this place: it is made anew."""
    if not sealed:
        return None
    try:
        return _cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except InvalidTag:
        return None


@once
def _cipher() -> AESGCM:
    """By a key of the installation and not of the patient: entries live for minutes, no backup holds them, and
    support, who may only read, could not make a patient's key."""
    return AESGCM(salted_hmac("reports.glucose.kept", "results", algorithm="sha256").digest())
