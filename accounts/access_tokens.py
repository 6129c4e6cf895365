"""SimpleJWT's access tokens with a backend of ours: it knows one key, we sign with the newest of several."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.tokens import Token

from accounts import signing
from accounts.signing import AccessClaims, SigningKeys, TokenRefused, access_claims, signing_keys


def current_keys() -> SigningKeys:
    ring = settings.TOKEN_SIGNING_KEYS
    return _keys(ring.active, tuple(ring.keys.items()))


@cache
def _keys(active: str, seeds: tuple[tuple[str, bytes], ...]) -> SigningKeys:
    return signing_keys(active=active, seeds=dict(seeds))


class KeyringBackend(TokenBackend):
    def __init__(self) -> None:
        super().__init__(signing.ALGORITHM, leeway=signing.LEEWAY_SECONDS)

    def encode(self, payload: dict[str, Any]) -> str:
        return current_keys().sign(payload)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """Always verified, whatever ``verify`` says: nothing of ours reads a token that it does not trust."""
        try:
            return current_keys().verify(str(token))
        except TokenRefused:
            raise TokenBackendError("Token is invalid") from None


class AccessToken(Token):
    token_type = signing.ACCESS

    @property
    def lifetime(self) -> timedelta:  # type: ignore[override]
        return timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES)

    def get_token_backend(self) -> TokenBackend:
        return KeyringBackend()


def make_access_token(claims: AccessClaims) -> str:
    token = AccessToken()
    token.payload |= {
        "sub": str(claims.user_public_id),
        "organization": claims.organization,
        "version": claims.user_version,
        "family": str(claims.family_id),
        "nbf": token.payload["iat"],
    }
    return str(token)


def read_access_token(text: str) -> AccessClaims | None:
    try:
        return access_claims(AccessToken(text).payload)  # type: ignore[arg-type]
    except (TokenError, TokenRefused):
        return None
