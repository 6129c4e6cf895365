"""Answers that no sandbox gives: they must cost neither memory nor secrets."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dexcom_sync.client import (
    DexcomClient,
    DexcomError,
    ServerTrouble,
    TimedOut,
    TokenRefusal,
    TokenRefused,
    Tokens,
    Unreadable,
)
from dexcom_sync.client.error_bodies import error_code
from dexcom_sync.tests.client.calling import client_of

pytestmark = pytest.mark.promise(49)
Answer = Callable[[BaseHTTPRequestHandler], None]
USERS = b'{"userId":"u","records":[]}'
SECRET = "canary-Secret-0123456789"


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def log_message(self, format: str, *arguments: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()


def sends(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def devices(answer: Answer) -> Any:
    with server(answer) as url, client_of(url) as client:
        return client.devices(SECRET)


def test_a_bomb_is_cut_off_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dexcom_sync.client.api.LARGEST_ANSWER", 1_000_000)
    bomb = gzip.compress(b" " * 200_000_000, 9)
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable) as caught:
            devices(sends(bomb, Content_Encoding="gzip"))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert caught.value.code == "too_large"
    assert most < 20_000_000


def test_an_answer_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dexcom_sync.client.api.LARGEST_ANSWER", len(USERS))
    assert devices(sends(USERS)).envelope.records == []
    with pytest.raises(Unreadable, match="too_large"):
        devices(sends(USERS + b" "))


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (gzip.compress(USERS)[:-9], "gzip", "truncated"),
        (b"\x1f\x8b\x08nonsense", "gzip", "content_encoding"),
        (USERS, "br", "content_encoding"),
        (USERS, "gzip, gzip", "content_encoding"),
    ],
    ids=["cut", "damaged", "unknown", "twice"],
)
def test_encodings_that_cannot_be_undone_are_told(body: bytes, encoding: str, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        devices(sends(body, Content_Encoding=encoding))

    assert caught.value.code == code


@pytest.mark.parametrize(
    "value",
    [b"NaN", b'"\\ud800"', b"1" + b"0" * 400, b'"\xff"'],
    ids=["not a number", "half a character", "endless number", "no UTF-8"],
)
def test_one_odd_value_does_not_cost_the_page(value: bytes) -> None:
    page = devices(sends(b'{"userId":"u","records":[{"a":%s},{"b":1}]}' % value))

    assert len(page.envelope.records) == 2


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"[" * 100_000, b'{"userId":"u","records":[' + b"9" * 5000], ids=len
)
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        devices(sends(body))


def test_a_server_that_drips_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dexcom_sync.client.api.LONGEST_DATA_SECONDS", 0.2)
    given_up = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not given_up.wait(0.05):
            handler.wfile.write(b" ")

    try:
        with pytest.raises(TimedOut):
            devices(drip)
    finally:
        given_up.set()


def test_of_a_long_error_only_the_beginning_is_read() -> None:
    with pytest.raises(ServerTrouble) as caught:
        devices(sends(b'{"error":"' + b"x" * 10_000_000, 500))

    assert caught.value.code == ""


def test_no_cookie_of_one_patient_goes_out_with_another() -> None:
    seen: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers.get("Cookie"))
        sends(USERS, Set_Cookie="session=first; Path=/")(handler)

    with server(answer) as url, client_of(url) as client:
        client.devices("first")
        client.devices("second")

    assert seen == [None, None]


def test_tokens_go_over_a_connection_of_their_own() -> None:
    """On one that was kept, nobody knows whether a refresh was carried out before it broke."""
    ports: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        sends(b'{"access_token":"a","refresh_token":"r","expires_in":60}')(handler)

    with server(answer) as url, client_of(url) as client:
        client.refresh("one")
        client.refresh("two")

    assert len(set(ports)) == 2


def everything_said(error: BaseException) -> str:
    said = [str(error), repr(error), *traceback.format_exception(error)]
    while (error := error.__context__ or error.__cause__) is not None:  # type: ignore[assignment]
        said += [str(error), repr(error), repr(vars(error))]
    return " ".join(said)


@pytest.mark.promise(55)
@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.devices(SECRET),
        lambda client: client.refresh(SECRET),
        lambda client: client.exchange_code(SECRET),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        sends(b'{"error":"%s","message":"%s"}' % (SECRET.encode() * 4, SECRET.encode()), 400),
        sends(b'{"error":"server_error"}', 500),
        sends(b"not JSON"),
        sends(b"{}", 302, Location="/elsewhere"),
        lambda handler: handler.connection.shutdown(socket.SHUT_RDWR),
    ],
    ids=["refused", "down", "unreadable", "redirect", "cut"],
)
def test_no_secret_is_said_or_logged(
    call: Callable[[DexcomClient], Any], answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does httpx's exception hang on ours, with the request and its headers."""
    caplog.set_level(logging.DEBUG)
    secret = "Canary-Client-Secret"
    with (
        server(answer) as url,
        client_of(url, client_secret=secret) as client,
        pytest.raises(DexcomError) as caught,
    ):
        call(client)
    said = everything_said(caught.value) + repr(client.application) + caplog.text

    assert caught.value.__context__ is None or isinstance(caught.value.__context__, DexcomError)
    assert secret not in said
    assert SECRET not in said.replace(SECRET * 4, "").lower()


def test_tokens_do_not_show_themselves() -> None:
    answer = sends(b'{"access_token":"%s","refresh_token":"%s"}' % ((SECRET.encode(),) * 2))
    with server(answer) as url, client_of(url) as client:
        tokens = client.refresh("any")

    assert isinstance(tokens, Tokens)
    assert SECRET not in repr(tokens)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":"invalid_grant","message":"other"}', "invalid_grant"),
        (b'{"errors":[{"code":"bad_window","title":"x"}],"message":"other"}', "bad_window"),
        (b'{"message":"too_many"}', "too_many"),
        (b'{"message":"Too many calls for patient Jane"}', ""),
        (b'{"error":["invalid_grant"]}', ""),
        (b'{"errors":[]}', ""),
        (b"[" * 5000, ""),
        (b"", ""),
        (b"\xff", ""),
    ],
)
def test_of_an_error_only_a_code_is_taken(body: bytes, code: str) -> None:
    assert error_code(body) == code


def test_ambiguous_is_no_word_of_the_servers() -> None:
    with (
        server(sends(b'{"error":"ambiguous"}', 400)) as url,
        client_of(url) as client,
        pytest.raises(TokenRefused) as caught,
    ):
        client.refresh("any")

    assert caught.value.kind is TokenRefusal.UNRECOGNISED
