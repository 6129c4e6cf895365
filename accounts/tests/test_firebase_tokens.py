from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from accounts import firebase_certificates
from accounts.firebase import FirebaseRefused, identity_of
from accounts.firebase_certificates import BETWEEN_QUESTIONS, CertificatesAway
from accounts.tests.google import ISSUER, PROJECT, Google, certificate, claims, deep, elliptic, key, token


def hs256_with_the_public_key() -> str:
    public = key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signing = jwt.PyJWS()
    algorithm: Any = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    algorithm.prepare_key = lambda given: given
    signing.unregister_algorithm("HS256")
    signing.register_algorithm("HS256", algorithm)
    return signing.encode(json.dumps(claims()).encode(), public, algorithm="HS256", headers={"kid": "one"})


LATE = 40
BAD: dict[str, Callable[[], str]] = {
    "alg none": lambda: token("", algorithm="none"),
    "HS256 with the public key": hs256_with_the_public_key,
    "RS512": lambda: token(algorithm="RS512"),
    "ES256": lambda: token(elliptic(), algorithm="ES256"),
    "a stranger's key": lambda: token(key("stranger")),
    "unknown name": lambda: token(header={"kid": "unknown"}),
    "empty name": lambda: token(header={"kid": ""}),
    "deep": lambda: f"{deep()}.{deep()}.x",
    "another project": lambda: token(aud="another", iss="https://securetoken.google.com/another"),
    "another audience": lambda: token(aud="another"),
    "audiences": lambda: token(aud=[PROJECT, "another"]),
    "another issuer": lambda: token(iss="https://accounts.google.com"),
    "expired": lambda: token(exp=int(time.time()) - LATE),
    "issued in the future": lambda: token(iat=int(time.time()) + LATE),
    "signed in in the future": lambda: token(auth_time=int(time.time()) + LATE),
    "signed in at a text": lambda: token(auth_time="1"),
    "empty subject": lambda: token(sub=""),
    "long subject": lambda: token(sub="x" * 129),
    "NUL in the subject": lambda: token(sub="a\x00b"),
    "half a character": lambda: token(sub="\ud800"),
    "without signature": lambda: token().rpartition(".")[0] + ".",
    "tampered": lambda: ".".join([token().split(".")[0], token(sub="other").split(".")[1], token().split(".")[2]]),
    "too long": lambda: token(name="x" * 9000),
    "no token": lambda: "a.b.c",
    **{
        f"without {name}": (lambda name=name: token(**{name: None}))  # type: ignore[misc, arg-type]
        for name in ("iss", "aud", "sub", "iat", "exp", "auth_time")
    },
}  # fmt: skip


@pytest.mark.promise(49)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_id_token_is_refused(google: Google, name: str) -> None:
    with pytest.raises(FirebaseRefused):
        identity_of(BAD[name]())


def test_a_good_one_names_issuer_and_subject_only(google: Google) -> None:
    found = identity_of(token(exp=int(time.time()) - 5))
    assert (found.issuer, found.subject) == (ISSUER, "firebase-person-1")


def test_certificates_are_kept_as_long_as_they_may_be(google: Google) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(3):
            identity_of(token())
        assert google.asked == 1
        clock.shift(3601)
        identity_of(token())
        assert google.asked == 2


def test_a_new_certificate_is_found_at_once_and_unknown_names_do_not_make_us_ask_for_each(google: Google) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        identity_of(token())
        clock.shift(BETWEEN_QUESTIONS)
        google.body = {"one": certificate(key("one")), "two": certificate(key("two"))}
        assert identity_of(token(key("two"), header={"kid": "two"})).subject == "firebase-person-1"
        assert google.asked == 2
        for number in range(20):
            with pytest.raises(FirebaseRefused):
                identity_of(token(header={"kid": f"guessed-{number}"}))
        assert google.asked == 2


def test_a_certificate_that_is_not_published_any_more_is_refused(google: Google) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        identity_of(token())
        google.body = {"two": certificate(key("two"))}
        clock.shift(3601)
        with pytest.raises(FirebaseRefused):
            identity_of(token())


def drip(out: Any) -> None:
    """A byte now and then, for ever: each arrives in time, all together never do."""
    try:
        while True:
            out.write(b" ")
            out.flush()
            time.sleep(0.05)
    except OSError:
        return


HOSTILE: dict[str, Callable[[Google], object]] = {
    "500": lambda google: setattr(google, "status", 500),
    "a redirect": lambda google: google.__dict__.update(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "no JSON": lambda google: setattr(google, "body", b"<html>"),
    "a list": lambda google: setattr(google, "body", ["x"]),
    "empty": lambda google: setattr(google, "body", {}),
    "not a certificate": lambda google: setattr(google, "body", {"one": "-----BEGIN CERTIFICATE-----"}),
    "a number": lambda google: setattr(google, "body", {"one": 1}),
    "deep": lambda google: setattr(google, "body", b"[" * 60_000),
    "many": lambda google: setattr(google, "body", {str(n): "x" for n in range(100)}),
    "large": lambda google: setattr(google, "body", b" " * 10_000_000),
    "a weak key": lambda google: setattr(google, "body", {"one": certificate(key("weak", 1024))}),
    "an elliptic key": lambda google: setattr(google, "body", {"one": certificate(elliptic())}),
    "an expired certificate": lambda google: setattr(google, "body", {"one": certificate(key("one"), days=-1)}),
    "cut": lambda google: setattr(google, "write", lambda out: out.write(b"{")),
    "slow": lambda google: google.__dict__.update(headers={"Content-Length": "60000"}, write=drip),
}  # fmt: skip


@pytest.mark.promise(49)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_refused_within_the_time(
    google: Google, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firebase_certificates, "ANSWER_SECONDS", 0.5)
    HOSTILE[name](google)
    begun = time.monotonic()
    with pytest.raises(CertificatesAway):
        identity_of(token())
    assert time.monotonic() - begun < 3
    with pytest.raises(CertificatesAway):
        identity_of(token())
    assert google.asked == 1


@pytest.mark.promise(49)
def test_what_was_fetched_stays_good_while_the_server_says_nonsense(google: Google) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        identity_of(token())
        google.body = b"nonsense"
        clock.shift(BETWEEN_QUESTIONS)
        with pytest.raises(FirebaseRefused):
            identity_of(token(header={"kid": "unknown"}))
        assert identity_of(token()).subject == "firebase-person-1"
