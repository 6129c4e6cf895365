"""The text of claim codes: what people read from paper and type, so without characters that look alike.

8 of 31 characters are 40 bits: enough only together with the limits in ``devices.provisioning.guessing``. The digest is
keyed, or whoever gets hold of the table could try them all.
"""

from __future__ import annotations

import secrets

from django.utils.crypto import salted_hmac

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def spoken_code(code: str) -> str:
    """In two halves, as it is printed."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def typed_code(text: str) -> str | None:
    """The code that somebody typed, with or without hyphen and in any case; None for what is none."""
    code = text.upper().replace("-", "").replace(" ", "")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def digest_of_code(code: str) -> bytes:
    return salted_hmac("devices.claim", code, algorithm="sha256").digest()
