"""Codes as people type them: of the app on the phone (TOTP, RFC 6238), and the ones to recover with."""

from __future__ import annotations

import base64
import re
import secrets
import time
from urllib.parse import quote, urlencode

from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP

STEP_SECONDS = 30
# Half a minute early or late: clocks of phones are right, people are slow.
TOLERANCE = 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
# Without letters that look like others; 16 of 32 are 80 bits.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
ISSUER = "Glucose Platform"

_DIGITS = re.compile(r"[0-9]{6}\Z")
_RECOVERY = re.compile(rf"[{ALPHABET}]{{16}}\Z")


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def otpauth_uri(*, secret: str, email: str) -> str:
    """What the QR code says: the form that every authenticator app reads; some take a plus sign for itself."""
    label = quote(f"{ISSUER}:{email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': ISSUER}, quote_via=quote)}"


def step_of(*, secret: str, code: str, after: int) -> int | None:
    """The half minute that ``code`` belongs to, later than ``after``; None where it is wrong, used or too old."""
    totp = TOTP(base64.b32decode(secret), step=STEP_SECONDS)
    totp.time = time.time()
    return int(totp.t()) if totp.verify(int(code), tolerance=TOLERANCE, min_t=after + 1) else None


def new_recovery_codes() -> list[str]:
    return [_grouped("".join(secrets.choice(ALPHABET) for _ in range(16))) for _ in range(RECOVERY_CODES)]


def _grouped(text: str) -> str:
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def plain(typed: str) -> str:
    """Without the spaces and hyphens that people add or leave out."""
    return re.sub(r"[\s-]", "", typed[:100]).lower()


def is_of_the_app(code: str) -> bool:
    return _DIGITS.match(code) is not None


def is_for_recovery(code: str) -> bool:
    return _RECOVERY.match(code) is not None


def recovery_digest(*, user_id: int, code: str) -> bytes:
    """Keyed: whoever has the database alone cannot try codes out."""
    return salted_hmac("accounts.one_time.recovery", f"{user_id}:{plain(code)}", algorithm="sha256").digest()
