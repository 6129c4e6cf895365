from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import firebase_certificates
from accounts.firebase import FirebaseRefused, identity_of
from accounts.firebase_certificates import BETWEEN_QUESTIONS, CertificatesAway
from accounts.identities import LINKED_ALREADY
from accounts.models import User
from accounts.services import in_own_scope, set_password
from accounts.tests.mails import mails_of
from tests.clinics import PASSWORD, Clinic
from tests.rest import problems, send

PROJECT = "glucose-demo"
ISSUER = f"https://securetoken.google.com/{PROJECT}"
FIREBASE, LINK, ME = "/api/v1/auth/firebase", "/api/v1/auth/firebase/link", "/api/v1/auth/me"


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


@pytest.fixture
def google(settings: Any) -> Iterator[Google]:
    state = Google()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            content = state.content()
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if state.write:
                state.write(self.wfile)
            else:
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.FIREBASE_PROJECT_ID = PROJECT
    settings.FIREBASE_CERTIFICATES_URL = f"http://127.0.0.1:{server.server_port}/certificates"
    firebase_certificates.certificates.cache_clear()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


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


def exchange(client: Client, text: str, **more: Any) -> Any:
    return send(client, "POST", FIREBASE, {"idToken": text, **more})


def link(client: Client, text: str, password: str = PASSWORD) -> Any:
    return send(client, "POST", LINK, {"idToken": text, "password": password})


@pytest.mark.django_db
def test_a_linked_account_signs_in(client: Client, google: Google, northside: Clinic, southside: Clinic) -> None:
    assert link(northside.api("nurse"), token()).status_code == 204
    answer = exchange(client, token(email="somebody@else.example"))
    assert answer.status_code == 200, answer.content
    me = client.get(ME, headers={"Authorization": f"Bearer {answer.json()['access_token']}"}).json()
    assert (me["email"], me["organization"]) == ("nurse@northside.example", "northside")


@pytest.mark.promise(22)
@pytest.mark.django_db
def test_an_address_of_ours_opens_nothing_and_is_not_told(client: Client, google: Google, northside: Clinic) -> None:
    known = exchange(client, token(email="nurse@northside.example"))
    unknown = exchange(client, token(sub="another", email="nobody@northside.example"))
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.status_code == 401
    assert "is not linked to an account here" in known.json()["detail"]


@pytest.mark.django_db
def test_linking_asks_for_the_password(google: Google, northside: Clinic, client: Client) -> None:
    api = northside.api("nurse")
    assert problems(link(api, token(), "not-the-password")) == [("wrong_password", ["body", "password"])]
    assert exchange(client, token()).status_code == 401
    for _ in range(4):
        link(api, token(), "not-the-password")
    answer = link(api, token())
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


@pytest.mark.django_db
def test_one_firebase_account_stands_for_one_person(google: Google, northside: Clinic, southside: Clinic) -> None:
    assert link(northside.api("nurse"), token()).status_code == 204
    for clinic, role in ((northside, "nurse"), (northside, "viewer"), (southside, "nurse")):
        answer = link(clinic.api(role), token())
        assert (answer.status_code, answer.json()["detail"]) == (409, LINKED_ALREADY)


@pytest.mark.django_db
def test_unlinking_ends_it(client: Client, google: Google, northside: Clinic) -> None:
    api = northside.api("nurse")
    link(api, token())
    assert send(api, "DELETE", LINK).status_code == 204
    assert exchange(client, token()).status_code == 401


@pytest.mark.django_db
def test_the_person_hears_of_a_link(google: Google, northside: Clinic) -> None:
    (message,) = mails_of(lambda: link(northside.api("nurse"), token()))
    assert (message.to, message.subject) == (["nurse@northside.example"], "A Firebase account signs you in now")
    assert mails_of(lambda: link(northside.api("nurse"), token())) == []


@pytest.mark.django_db
def test_a_password_that_is_set_by_mail_ends_links(client: Client, google: Google, northside: Clinic) -> None:
    """Somebody else may have made them; who only changes a password keeps theirs."""
    api = northside.api("nurse")
    assert link(api, token()).status_code == 204
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    set_password(user=user, password="moss-on-the-northern-wall")
    assert exchange(client, token()).status_code == 200
    set_password(user=user, password="fern-below-the-eastern-wall", confirms_address=True)
    assert exchange(client, token()).status_code == 401


@pytest.mark.django_db
def test_a_disabled_account_is_told_so(client: Client, google: Google, northside: Clinic) -> None:
    link(northside.api("nurse"), token())
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    in_own_scope(user, lambda: User.objects.filter(pk=user.pk).update(is_active=False))
    answer = exchange(client, token())
    assert (answer.status_code, answer.json()["detail"]) == (
        403, "This account is disabled. Please ask whoever runs the platform.",
    )  # fmt: skip


@pytest.mark.django_db
def test_an_id_token_elsewhere_is_told_where_to_go(client: Client, google: Google, northside: Clinic) -> None:
    link(northside.api("nurse"), token())
    answer = client.get(ME, headers={"Authorization": f"Bearer {token()}"})
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("This is a Firebase ID token. Exchange it")


@pytest.mark.django_db
def test_a_refused_token_is_answered_in_words(client: Client, google: Google, db: None) -> None:
    assert exchange(client, "a.b.c").status_code == 401
    google.status = 500
    answer = exchange(client, token())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


@pytest.mark.django_db
@pytest.mark.parametrize("path", [ME, "/api/v1/devices/ARGUS_001234/readings"])
def test_a_bearer_of_nested_brackets_is_a_refusal(client: Client, path: str) -> None:
    for text in (f"{deep()}.{deep()}.x", f"eyJhbGciOiJSUzI1NiJ9.{deep()}.x"):
        assert client.get(path, headers={"Authorization": f"Bearer {text}"}).status_code == 401


@pytest.mark.django_db
def test_without_a_project_the_way_is_shut(client: Client, settings: Any) -> None:
    settings.FIREBASE_PROJECT_ID = ""
    answer = exchange(client, token())
    assert (answer.status_code, "not set up" in answer.json()["detail"]) == (404, True)


@pytest.mark.django_db(transaction=True)
def test_two_who_link_the_same_at_once_have_one_winner(google: Google, northside: Clinic) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    clients = [northside.api(role) for role in ("nurse", "viewer")]
    text = token()

    def go(client: Client) -> int:
        try:
            return int(link(client, text).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, clients)) == [204, 409]


def test_no_transaction_is_left_open_while_google_is_asked() -> None:
    from accounts.api.firebase import FirebaseView

    assert "default" in FirebaseView.dispatch._non_atomic_requests  # type: ignore[attr-defined]
    assert transaction.get_connection().in_atomic_block is False
