"""Access tokens as signed text: Ed25519, the key named by ``kid``. Knows no Django, so that every server can verify.

A token is read by the one algorithm and by a key of ours; nothing in the token chooses either.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALGORITHM = "EdDSA"
ISSUER = AUDIENCE = "glucose-platform"
ACCESS = "access"
HEADER_TYPE = "at+jwt"
# Clocks of two servers differ by seconds.
LEEWAY_SECONDS = 10
REQUIRED = ("sub", "organization", "version", "family", "aud", "iss", "jti", "token_type", "iat", "nbf", "exp")
LONGEST_TOKEN = 4096


class TokenRefused(Exception):
    """The text is no access token that one of our keys signed for this moment."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """``organization``: the code of the clinic. ``expires_at``: seconds since 1970."""

    user_public_id: uuid.UUID
    organization: str
    user_version: int
    family_id: uuid.UUID
    expires_at: float = 0


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """``active`` signs; all verify until they are taken out of the ring."""

    active: str
    private: Mapping[str, Ed25519PrivateKey] = field(repr=False)
    public: Mapping[str, Ed25519PublicKey] = field(repr=False)

    def sign(self, claims: Mapping[str, Any]) -> str:
        header = {"kid": self.active, "typ": HEADER_TYPE}
        return jwt.encode(
            {**claims, "iss": ISSUER, "aud": AUDIENCE},
            self.private[self.active],
            algorithm=ALGORITHM,
            headers=header,
        )

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that is good now. Raises TokenRefused."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != HEADER_TYPE:
                raise TokenRefused
            claims: dict[str, Any] = jwt.decode(
                token,
                self.public[header["kid"]],
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED), "strict_aud": True},
            )
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, RecursionError):
            raise TokenRefused from None
        if claims["token_type"] != ACCESS:
            raise TokenRefused
        return claims

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public halves, in the form of RFC 7517 and RFC 8037."""
        return {
            "keys": [
                {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": ALGORITHM, "kid": name, "x": _public_text(key)}
                for name, key in self.public.items()
            ]
        }


def signing_keys(*, active: str, seeds: Mapping[str, bytes]) -> SigningKeys:
    """``seeds``: the 32 bytes of each key, by its name."""
    private = {name: Ed25519PrivateKey.from_private_bytes(seed) for name, seed in seeds.items()}
    return SigningKeys(active, private, {name: key.public_key() for name, key in private.items()})


def access_claims(claims: Mapping[str, Any]) -> AccessClaims:
    """The claims that say who asks, of verified ones. Raises TokenRefused where one is not of its type."""
    organization, version = claims["organization"], claims["version"]
    if type(organization) is not str or type(version) is not int:
        raise TokenRefused
    try:
        person, family = uuid.UUID(claims["sub"]), uuid.UUID(claims["family"])
        return AccessClaims(person, organization, version, family, float(claims["exp"]))
    except (ValueError, TypeError, AttributeError):
        raise TokenRefused from None


def _public_text(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
