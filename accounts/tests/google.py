"""Google as Firebase sign-in knows it: its keys, its certificates, its ID tokens."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

PROJECT = "glucose-demo"
ISSUER = f"https://securetoken.google.com/{PROJECT}"


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One for each name: making them takes longer than everything else here."""
    return rsa.generate_private_key(65537, bits)


def elliptic() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(private: Any, *, days: int = 30) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=60)).not_valid_after(now + timedelta(days=days))
    )  # fmt: skip
    return made.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


class Google:
    """The server that publishes certificates: says what the test puts here, and counts who asks."""

    def __init__(self) -> None:
        self.body: Any = {"one": certificate(key("one"))}
        self.status = 200
        self.headers = {"Cache-Control": "public, max-age=3600, must-revalidate"}
        self.asked = 0
        self.write: Callable[[Any], None] | None = None

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": ISSUER, "aud": PROJECT, "sub": "firebase-person-1", "user_id": "firebase-person-1", "iat": now,
        "exp": now + 3600, "auth_time": now - 10, "email": "nurse@northside.example", "email_verified": True,
        **changes,
    }  # fmt: skip
    return {name: value for name, value in whole.items() if value is not None}


def token(
    private: Any = None, *, algorithm: str = "RS256", header: dict[str, Any] | None = None, **changes: Any
) -> str:
    private = key("one") if private is None else private
    return jwt.encode(claims(**changes), private, algorithm=algorithm, headers={"kid": "one", **(header or {})})


def deep() -> str:
    return base64.urlsafe_b64encode(b"[" * 2900).decode().rstrip("=")
