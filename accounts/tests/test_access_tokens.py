from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from accounts.access_tokens import current_keys, read_access_token
from accounts.signing import SigningKeys, TokenRefused, access_claims, signing_keys
from glucose_platform.env import Keyring
from tests.clinics import Clinic

ME = "/api/v1/auth/me"
JWKS = "/.well-known/jwks.json"
OLD, NEW, STRANGE = b"o" * 32, b"n" * 32, b"s" * 32


def good_claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "sub": str(uuid.uuid4()), "organization": "northside", "version": 1, "family": str(uuid.uuid4()),
        "jti": uuid.uuid4().hex,
        "token_type": "access", "iat": now, "nbf": now, "exp": now + 600,
    }  # fmt: skip
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def keys() -> SigningKeys:
    return signing_keys(active="new", seeds={"new": NEW, "old": OLD})


def raw(claims: dict[str, Any], key: Any, algorithm: str = "EdDSA", **header: Any) -> str:
    whole = {"iss": "glucose-platform", "aud": "glucose-platform", **claims}
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(whole, key, algorithm=algorithm, headers={"kid": "new", "typ": "at+jwt", **header})


def hs256_with_the_public_key(public: bytes) -> str:
    """By hand: the library refuses to sign with what looks like an asymmetric key."""
    parts = [
        {"alg": "HS256", "typ": "at+jwt", "kid": "new"},
        good_claims(iss="glucose-platform", aud="glucose-platform"),
    ]
    body = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    code = hmac.HMAC(public, hashes.SHA256())
    code.update(body.encode())
    return f"{body}.{base64.urlsafe_b64encode(code.finalize()).rstrip(b'=').decode()}"


def private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def tampered() -> str:
    head, body, signature = keys().sign(good_claims()).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**claims, "organization": "southside"}).encode()).rstrip(b"=").decode()
    return f"{head}.{other}.{signature}"


BAD: dict[str, Callable[[], str]] = {
    "alg none": lambda: raw(good_claims(), "", "none"),
    "HS256 with the public key": lambda: hs256_with_the_public_key(private(NEW).public_key().public_bytes_raw()),
    "HS256 with a secret": lambda: raw(good_claims(), "x" * 64, "HS256"),
    "ES256": lambda: raw(good_claims(), ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "a stranger's key under our name": lambda: raw(good_claims(), private(STRANGE)),
    "the other key's name": lambda: raw(good_claims(), private(NEW), kid="old"),
    "unknown name": lambda: raw(good_claims(), private(NEW), kid="unknown"),
    "no name": lambda: jwt.encode(good_claims(), private(NEW), algorithm="EdDSA", headers={"typ": "at+jwt"}),
    "another audience": lambda: raw(good_claims(aud="elsewhere"), private(NEW)),
    "one audience of several": lambda: raw(good_claims(aud=["glucose-platform", "elsewhere"]), private(NEW)),
    "another issuer": lambda: raw(good_claims(iss="https://elsewhere.example"), private(NEW)),
    "another type in the header": lambda: raw(good_claims(), private(NEW), typ="JWT"),
    "another type in the claims": lambda: raw(good_claims(token_type="refresh"), private(NEW)),
    "expired": lambda: raw(good_claims(exp=int(time.time()) - 31), private(NEW)),
    "not yet valid": lambda: raw(good_claims(nbf=int(time.time()) + 31), private(NEW)),
    "issued in the future": lambda: raw(good_claims(iat=int(time.time()) + 31), private(NEW)),
    "tampered": tampered,
    "without signature": lambda: keys().sign(good_claims()).rpartition(".")[0] + ".",
    "cut": lambda: keys().sign(good_claims())[:-4],
    "too long": lambda: keys().sign(good_claims(jti="x" * 5000)),
    "exp is no number": lambda: raw(good_claims(exp="soon"), private(NEW)),
    "organization is a number": lambda: raw(good_claims(organization=1), private(NEW)),
    "version is true": lambda: raw(good_claims(version=True), private(NEW)),
    "sub is no UUID": lambda: raw(good_claims(sub="1"), private(NEW)),
    "sub is a number": lambda: raw(good_claims(sub=1), private(NEW)),
    "not a token": lambda: "a.b.c",
    "deep": lambda: base64.urlsafe_b64encode(b"[" * 2900).decode().rstrip("=") + ".e30.x",
    "not ASCII": lambda: "é.ü.ß",
    **{
        f"without {name}": (lambda name=name: raw(good_claims(**{name: None}), private(NEW)))  # type: ignore[misc]
        for name in ("sub", "organization", "version", "family", "jti", "token_type", "iat", "nbf", "exp")
    },
    "without iss": lambda: raw({**good_claims(), "iss": None}, private(NEW)),
    "without aud": lambda: raw({**good_claims(), "aud": None}, private(NEW)),
}


@pytest.mark.promise(15)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(name: str) -> None:
    with pytest.raises(TokenRefused):
        access_claims(keys().verify(BAD[name]()))


@pytest.mark.promise(15)
def test_a_good_token_is_taken_also_with_clocks_some_seconds_apart() -> None:
    moment = int(time.time())
    for claims in (good_claims(), good_claims(exp=moment - 5), good_claims(nbf=moment + 5, iat=moment + 5)):
        assert str(access_claims(keys().verify(raw(claims, private(NEW)))).user_public_id) == claims["sub"]


@pytest.mark.promise(15)
def test_a_key_that_is_being_retired_still_verifies_and_a_retired_one_does_not() -> None:
    before = signing_keys(active="old", seeds={"old": OLD})
    token = before.sign(good_claims())
    assert jwt.get_unverified_header(token)["kid"] == "old"

    rotated = keys()
    assert jwt.get_unverified_header(rotated.sign(good_claims()))["kid"] == "new"
    assert rotated.verify(token)["organization"] == "northside"

    with pytest.raises(TokenRefused):
        signing_keys(active="new", seeds={"new": NEW}).verify(token)


@pytest.mark.promise(15)
@pytest.mark.django_db
def test_rotation_works_through_the_api(client: Client, northside: Clinic, settings: Any) -> None:
    settings.TOKEN_SIGNING_KEYS = Keyring("old", {"old": OLD})
    signed_in = {"Authorization": f"Bearer {northside.access_token('nurse')}"}
    settings.TOKEN_SIGNING_KEYS = Keyring("new", {"new": NEW, "old": OLD})
    assert client.get(ME, headers=signed_in).status_code == 200
    settings.TOKEN_SIGNING_KEYS = Keyring("new", {"new": NEW})
    assert client.get(ME, headers=signed_in).status_code == 401


@pytest.mark.promise(15)
@pytest.mark.django_db
def test_the_api_refuses_a_token_that_another_key_signed_for_a_real_sign_in(client: Client, northside: Clinic) -> None:
    token = northside.access_token("nurse")
    claims = current_keys().verify(token)
    forged = signing_keys(active=current_keys().active, seeds={current_keys().active: STRANGE}).sign(claims)
    assert client.get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert client.get(ME, headers={"Authorization": f"Bearer {forged}"}).status_code == 401


@pytest.mark.django_db
def test_an_access_token_ends_after_ten_minutes(client: Client, northside: Clinic) -> None:
    signed_in = {"Authorization": f"Bearer {northside.access_token('nurse')}"}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        clock.shift(599)
        assert client.get(ME, headers=signed_in).status_code == 200
        clock.shift(30)
        assert client.get(ME, headers=signed_in).status_code == 401


def test_others_verify_with_the_published_keys_alone(client: Client, settings: Any) -> None:
    settings.TOKEN_SIGNING_KEYS = Keyring("new", {"new": NEW, "old": OLD})
    answer = client.get(JWKS)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    published = {key.key_id: key for key in jwt.PyJWKSet.from_dict(answer.json()).keys}
    assert set(published) == {"new", "old"}
    token = current_keys().sign(good_claims())
    assert jwt.decode(token, published["new"], algorithms=["EdDSA"], audience="glucose-platform")["version"] == 1
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, published["old"], algorithms=["EdDSA"], audience="glucose-platform")


def test_nothing_private_is_published_or_shown(client: Client) -> None:
    seed = next(iter(keys().private.values())).private_bytes_raw()
    assert set().union(*client.get(JWKS).json()["keys"]) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert "Private" not in repr(keys())
    assert base64.urlsafe_b64encode(seed).rstrip(b"=").decode() not in json.dumps(keys().jwks())


def test_the_keys_are_answered_without_the_database(client: Client) -> None:
    """No database mark: a query would fail."""
    assert client.get(JWKS, headers={"Authorization": "Bearer a.b.c"}).status_code == 200


@pytest.mark.parametrize("text", ["", "glr_x.1.y", "a.b", "any-valid-token-format-works-for-demo"])
def test_text_that_is_no_token_says_nothing(text: str) -> None:
    assert read_access_token(text) is None
