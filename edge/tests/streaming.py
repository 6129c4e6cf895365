"""Help for tests that listen."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from edge.tests.posting import free_slot, path, reading
from tests.clinics import Clinic

WAIT_SECONDS = 10


class Socket:
    """A WebSocket that was opened; the first event tells so."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.opened = self.next()
        assert self.opened["type"] == "stream.opened"

    def next(self, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.connection.recv(timeout=seconds))
        return event

    def until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not is_it(event := self.next()):
            pass
        return event

    def close_code(self) -> int | None:
        """Whatever still comes, how it ended."""
        try:
            while True:
                self.connection.recv(timeout=WAIT_SECONDS)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@contextmanager
def raw_socket(address: str, route: str = "/ws/vitals", *, headers: dict[str, str] | None = None) -> Iterator[Any]:
    with connect(address.replace("http", "ws", 1) + route, additional_headers=headers, proxy=None) as connection:
        yield connection


@contextmanager
def socket(address: str, token: str, route: str = "/ws/vitals") -> Iterator[Socket]:
    with raw_socket(address, route, headers={"Authorization": f"Bearer {token}"}) as connection:
        yield Socket(connection)


def close_code(address: str, route: str = "/ws/vitals", *, headers: dict[str, str] | None = None) -> int | None:
    """How a stream is refused."""
    with raw_socket(address, route, headers=headers) as connection:
        try:
            connection.recv(timeout=WAIT_SECONDS)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
    raise AssertionError("it was opened")


def ticket(address: str, token: str, **headers: str) -> str:
    headers = {"Authorization": f"Bearer {token}", **headers}
    answer = httpx.post(f"{address}/api/v1/stream/ticket", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["expiresIn"] == 30
    return str(answer.json()["ticket"])


def post(address: str, clinic: Clinic, device: int = 0, **changes: Any) -> str:
    """A reading of now, through the data plane; returns its id."""
    free_slot(clinic, device)
    found, patient = clinic.devices[device], clinic.patients[device]
    body = reading(deviceId=found.code, userId=patient.code, **changes)
    headers = {"X-API-Key": clinic.organization_key}
    answer = httpx.post(f"{address}/api/v1{path(found.code)}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


class Lines:
    """The events of an SSE answer as a browser would see them."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()
        self.last_id = ""

    def next(self) -> tuple[str, dict[str, Any]]:
        kind, data = "", ""
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                kind = value
            elif name == "data":
                data += value
            elif not line and data:
                return kind, json.loads(data)
        raise EOFError


@contextmanager
def lines(address: str, token: str | None, query: str = "", **headers: str) -> Iterator[Lines]:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    url = f"{address}/api/v1/stream{query}"
    with httpx.stream("GET", url, headers=headers, timeout=WAIT_SECONDS) as response:
        assert response.status_code == 200, response.read()
        yield Lines(response)


def wait_until(happens: Callable[[], bool], *, seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def post_batch(address: str, clinic: Clinic, *values: int) -> None:
    """Readings of now in one batch, which no slot slows: a millisecond apart."""
    now = datetime.now(UTC)
    items = [
        {
            "sensor_type": "glucose",
            "value": value,
            "unit": "mg/dL",
            "timestamp": (now - timedelta(milliseconds=len(values) - place)).isoformat(timespec="milliseconds"),
        }
        for place, value in enumerate(values)
    ]
    url, headers = f"{address}/api/v1{path()}", {"X-API-Key": clinic.device_key}
    answer = httpx.post(url, json={"readings": items}, headers=headers, timeout=WAIT_SECONDS)
    assert answer.json()["accepted"] == len(values), answer.text
