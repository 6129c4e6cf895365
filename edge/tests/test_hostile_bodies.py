"""What no device sends: always a 4xx in words, never a 500, and nothing stored."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from edge.tests.posting import device_client, path, reading, slot_is_held, stored
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = json.dumps(reading())


def with_glucose(text: str) -> str:
    return TEXT.replace('"glucoseValue": 120', f'"glucoseValue": {text}')


def with_user(text: str) -> str:
    return TEXT.replace('"userId": "user_5678"', f'"userId": {text}')


HOSTILE: dict[str, tuple[bytes, int]] = {
    "duplicate keys": (TEXT.replace("{", '{"glucoseValue": 100, ', 1).encode(), 400),
    "duplicate keys deep inside": (TEXT.replace('"red"', '"red": 1, "red"').encode(), 400),
    "NaN": (with_glucose("NaN").encode(), 400),
    "Infinity": (with_glucose("-Infinity").encode(), 400),
    "1e400": (with_glucose("1e400").encode(), 400),
    "5000 digits": (with_glucose("9" * 5000).encode(), 400),
    "4000 digits": (with_glucose("9" * 4000).encode(), 422),
    "4000 digits as a fraction": (TEXT.replace('"red": 1.5', '"red": ' + "9" * 4000).encode(), 422),
    "true as a number": (with_glucose("true").encode(), 422),
    "number as text": (with_glucose('"120"').encode(), 422),
    "fraction": (with_glucose("120.0").encode(), 422),
    "NUL": (with_user('"user\\u0000"').encode(), 400),
    "raw NUL": (TEXT.encode() + b"\x00", 400),
    "lone surrogate": (with_user('"\\ud800"').encode(), 400),
    "lone surrogate as a key": (TEXT.replace("{", '{"\\udfff": 1, ', 1).encode(), 400),
    "not UTF-8": (with_user('"ü"').encode("latin-1"), 400),
    "UTF-16": (TEXT.encode("utf-16"), 400),
    "byte order mark": (b"\xef\xbb\xbf" + TEXT.encode(), 400),
    "100,000 levels of lists": (b"[" * 100_000 + b"]" * 100_000, 400),
    "100,000 levels of objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "100,000 open brackets": (b"[" * 100_000, 400),
    "30 MB": (b'{"a":"' + b"x" * 30_000_000 + b'"}', 413),
    "half a body": (TEXT[: len(TEXT) // 2].encode(), 400),
    "two bodies": ((TEXT + TEXT).encode(), 400),
    "a list": (b"[]", 422),
    "a number": (b"5", 422),
    "a text": (b'"text"', 422),
    "spaces": (b"   ", 400),
    "an XML document": (b"<?xml version='1.0'?><r/>", 400),
    "a form": (b"glucoseValue=120", 400),
    "an empty object": (b"{}", 422),
    "a batch that is a number": (b'{"readings": 5}', 422),
    "an empty batch": (b'{"readings": []}', 422),
    "1,001 items": (json.dumps({"readings": [{}] * 1001}).encode(), 422),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.promise(37, 39, 40)
def test_hostile_bodies(live_url: str, northside: Clinic, name: str) -> None:
    body, status = HOSTILE[name]
    with device_client(live_url, northside.device_key) as client:
        answer = client.post(path(), content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status
        assert answer.json()["detail"]
        assert (status == 422) == isinstance(answer.json()["detail"], list)
        assert not slot_is_held(northside)
        assert stored(northside) == []
        assert client.post(path(), json=reading()).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.promise(41)
def test_wrong_methods(live_url: str, northside: Clinic, method: str) -> None:
    with device_client(live_url, northside.device_key) as client:
        answer = client.request(method, path(), json=reading())
    assert answer.status_code == 405
    assert answer.json()["detail"]
    assert stored(northside) == []


@pytest.mark.promise(41)
def test_a_gzip_bomb_is_stopped_at_the_limit(live_url: str, northside: Clinic) -> None:
    bomb = gzip.compress(b"\x00" * 500_000_000, compresslevel=9)
    assert len(bomb) < 1_000_000
    with device_client(live_url, northside.device_key) as client:
        answer = client.post(path(), content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413


def test_a_chunked_body(live_url: str, northside: Clinic) -> None:
    def chunks() -> Any:
        yield TEXT.encode()

    with device_client(live_url, northside.device_key) as client:
        answer = client.post(path(), content=chunks())
    assert answer.status_code == 201
    assert len(stored(northside)) == 1


def test_a_body_shorter_than_its_length(live_url: str, northside: Clinic) -> None:
    """The device loses its connection in the middle of a body that would be valid if cut there."""
    server = urlsplit(live_url)
    head = f"POST /api/v1{path()} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {northside.device_key}\r\n"
    with socket.create_connection((server.hostname, server.port)) as device:
        device.sendall(f"{head}Content-Length: {len(TEXT) + 10}\r\n\r\n{TEXT}".encode())
        device.shutdown(socket.SHUT_WR)
        device.settimeout(20)
        assert device.recv(100).startswith(b"HTTP/1.1 400")
    assert httpx.get(f"{live_url}/health").status_code == 200
    assert not slot_is_held(northside)
    assert stored(northside) == []


@pytest.mark.parametrize(
    "device", ["%00", "%ff%fe", "a%0Ab", "x" * 5000, "%F0%9F%92%89", "'; DROP TABLE x;--", "%2e%2e"]
)
def test_hostile_devices_in_the_url(live_url: str, northside: Clinic, device: str) -> None:
    with device_client(live_url, northside.organization_key) as client:
        for answer in (
            client.post(path(device), json=reading()),
            client.post(path(device), json={"readings": [reading()]}),
            client.get(path(device)),
            client.get(f"{path(device)}/latest"),
            client.get(f"{path(device)}/stats"),
        ):
            assert answer.status_code in (400, 404)
            assert answer.json()["detail"]
    assert stored(northside) == []
