"""The web server under requests that end, smuggle or never finish, over a real connection."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live import PROJECT, running_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(44)]
HEADER_SECONDS = 1
THREADS = 4
HEAD = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
SMUGGLED = HEALTH + b"X-Smuggled: yes\r\n\r\n"
REFUSED = {
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "an unknown encoding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded header": HEALTH + b"X-A: a\r\n b\r\n\r\n",
    "NUL in a header": HEALTH + b"X-A: a\x00b\r\n\r\n",
    "a line break in a header": HEALTH + b"X-A: a\rb\r\n\r\n",
    "two hosts": HEALTH + b"Host: evil.example\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "no version": b"GET /health\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "a megabyte of header": HEALTH + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "5,000 headers": HEALTH + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
    "a long address": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[tuple[str, int]]:
    limits = {"GRANIAN_HTTP1_HEADER_READ_TIMEOUT": str(HEADER_SECONDS * 1000), "GRANIAN_HTTP1_BUFFER_SIZE": "65536"}
    with running_server(threads=THREADS, environment=limits) as address:
        parts = urlsplit(address)
        yield str(parts.hostname), int(parts.port or 0)


def tell(server: tuple[str, int], data: bytes, *, patience: float = 10) -> bytes:
    """All that comes back until the server closes, or falls silent for ``patience`` seconds."""
    received = b""
    with socket.create_connection(server, timeout=patience) as connection:
        try:
            connection.sendall(data)
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionError):
            pass
    return received


def answers_in(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_plain_http_is_refused(server: tuple[str, int], name: str) -> None:
    (status,) = answers_in(tell(server, REFUSED[name]))
    assert status in {400, 414, 431}


@pytest.mark.parametrize(
    "encoding",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 60\r\nTransfer-Encoding: Chunked\r\n",
    ],
)
def test_a_length_beside_chunks_smuggles_no_request(server: tuple[str, int], encoding: bytes) -> None:
    """What follows the chunks is never answered: the connection ends with the answer to the one request."""
    received = tell(server, HEAD + encoding + b"\r\n0\r\n\r\n" + SMUGGLED)
    assert answers_in(received) == [422]
    assert b"\r\nconnection: close\r\n" in received.lower()


def test_plain_requests_share_a_connection(server: tuple[str, int]) -> None:
    """The test above is worth something only while a second request is usually answered."""
    assert answers_in(tell(server, SMUGGLED + SMUGGLED, patience=3)) == [200, 200]


def test_a_header_that_never_ends_is_ended(server: tuple[str, int]) -> None:
    begun = time.monotonic()
    assert answers_in(tell(server, b"GET /health HTTP/1.1\r\nHost: loc", patience=20)) in ([], [408])
    assert time.monotonic() - begun < 10 * HEADER_SECONDS


def test_dripping_headers_is_no_way_to_stay(server: tuple[str, int]) -> None:
    """The time is that of all headers together, not of each."""
    begun = time.monotonic()
    with socket.create_connection(server, timeout=0.2) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        while time.monotonic() - begun < 15 and is_open(connection):
            connection.sendall(b"X-A: a\r\n")
    assert time.monotonic() - begun < 10


def is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def test_slow_senders_leave_the_others_served(server: tuple[str, int]) -> None:
    """More of them than the server has threads, and the path is one that needs a thread."""
    wanted = HEALTH.replace(b"/health", b"/livez") + b"Connection: close\r\n\r\n"
    held = [socket.create_connection(server, timeout=10) for _ in range(3 * THREADS)]
    try:
        for connection in held:
            connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        assert answers_in(tell(server, wanted)) == [200]
    finally:
        for connection in held:
            connection.close()
    assert [answers_in(tell(server, wanted)) for _ in range(8)] == [[200]] * 8


@pytest.mark.parametrize("path", ["Dockerfile", "docker-compose.yml", "docs/install.md"])
def test_the_limits_are_those_that_production_starts_with(path: str) -> None:
    text = re.sub(r'", "|=', " ", Path(PROJECT / path).read_text())
    servers = text.count("--interface")
    assert servers == (1 if path == "Dockerfile" else 2)
    assert text.count("--http1-header-read-timeout 10000") == servers
    assert text.count("--http1-buffer-size 65536") == servers
    # More than the data plane takes to finish (edge.app.STOP_SECONDS).
    assert text.count("--workers-kill-timeout 30") == servers
