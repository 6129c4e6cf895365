"""Firebase ID tokens, verified as Google asks: https://firebase.google.com/docs/auth/admin/verify-id-tokens.

Without Google's own library, which brings a hundred megabytes for the 30 lines that are needed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings

from accounts.firebase_certificates import certificates
from tenancy.refusals import Refusal

ISSUER = "https://securetoken.google.com/"
LEEWAY_SECONDS = 30
REQUIRED = ("exp", "iat", "aud", "iss", "sub", "auth_time")
LONGEST_TOKEN, LONGEST_SUBJECT = 8192, 128
ALGORITHM = "RS256"
# What PyJWT raises for a token; JSON of a thousand brackets ends in the last of them.
UNREADABLE = (jwt.InvalidTokenError, ValueError, TypeError, RecursionError)


class FirebaseRefused(Exception):
    """The text is no ID token of our project that is good now."""


class FirebaseNotSetUp(Refusal):
    status_code = 404

    def __init__(self) -> None:
        super().__init__("Signing in with Firebase is not set up on this platform.", code="firebase_not_set_up")


@dataclass(frozen=True, slots=True)
class Identity:
    """The pair that names a person there. Never an e-mail address: that changes hands."""

    issuer: str
    subject: str


def identity_of(token: str) -> Identity:
    """Whom an ID token names. Raises FirebaseRefused; FirebaseNotSetUp; CertificatesAway."""
    project = settings.FIREBASE_PROJECT_ID
    if not project:
        raise FirebaseNotSetUp
    try:
        claims = _verified(token, project)
    except UNREADABLE:
        raise FirebaseRefused from None
    return Identity(claims["iss"], _subject(claims))


def names_firebase(token: str) -> bool:
    """Whether an unverified token says that Firebase issued it: only to word a refusal."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except UNREADABLE:
        return False
    return str(claims.get("iss")).startswith(ISSUER)


def _verified(token: str, project: str) -> dict[str, Any]:
    if len(token) > LONGEST_TOKEN:
        raise FirebaseRefused
    header = jwt.get_unverified_header(token)
    # Before any certificate is fetched: whoever sends nonsense does not make us ask.
    if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
        raise FirebaseRefused
    key = certificates(settings.FIREBASE_CERTIFICATES_URL).key(header["kid"])
    if key is None:
        raise FirebaseRefused
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=project,
        issuer=ISSUER + project,
        leeway=LEEWAY_SECONDS,
        options={"require": list(REQUIRED), "strict_aud": True},
    )
    signed_in_at = claims["auth_time"]
    if type(signed_in_at) is not int or signed_in_at > time.time() + LEEWAY_SECONDS:
        raise FirebaseRefused
    return claims


def _subject(claims: dict[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise FirebaseRefused
    return subject
