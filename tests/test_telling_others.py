"""What leaves the house for a Sentry, a collector and DynamoDB: against servers of the test and AWS's answers."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
import sentry_sdk
import structlog
from django.test import Client
from moto import mock_aws

from audit.events import put_sealed_entries
from audit.tests.ledgers import seal, write
from glucose_platform import sentry
from glucose_platform.logs import configure
from tenancy import event_sink as sinks
from tenancy import tracing
from tenancy.event_sink import EventSink
from tests.clinics import Clinic

NAME = "Annabel Canary-Surname"
TABLE = "events"


class Heard(BaseHTTPRequestHandler):
    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[tuple[int, list[bytes]]]:
    """The port of a server that takes everything, and what it took."""
    bodies: list[bytes] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Stub", (Heard,), {"bodies": bodies}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, bodies
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.promise(55)
def test_a_sentry_is_told_of_an_error_and_of_nobody(
    client: Client, northside: Clinic, settings: Any, stub: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, bodies = stub
    root = logging.getLogger()
    former = root.handlers[:]
    settings.SENTRY_DSN = f"http://public@127.0.0.1:{port}/1"
    sentry.begin()

    def broken(self: Any, request: Any) -> None:
        patient = {"name": NAME, "glucose": 54}
        try:
            raise KeyError(patient["name"])
        except KeyError as error:
            raise ValueError(f"{patient} cannot be read") from error

    monkeypatch.setattr("glucose_platform.system.VersionView.get", broken)
    client.raise_request_exception = False
    try:
        asked = {"X-Request-ID": "request-of-the-test", "X-API-Key": northside.device_key, "X-Patient": NAME}
        assert client.get(f"/api/v1/system/version?name={NAME}", headers=asked).status_code == 500
        logging.getLogger("a.library").error("could not write %s", NAME)
        sentry_sdk.flush(timeout=10)
    finally:
        root.handlers[:] = former
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
    text = b"\n".join(bodies).decode()
    assert "ValueError" in text
    assert "request-of-the-test" in text
    assert "test_telling_others.py" in text
    for secret in (
        NAME,
        "Annabel",
        "Canary",
        northside.device_key,
        'glucose\\": 54',
        "cannot be read",
        "could not write",
    ):
        assert secret not in text


def test_a_collector_gets_routes_and_no_paths(
    client: Client, settings: Any, stub: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    port, bodies = stub
    monkeypatch.setattr(tracing, "_tracer", None)
    client.get("/health")
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://127.0.0.1:{port}"
    tracing.begin("web")
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    client.get("/api/v1/users/patient_canary/activities?name=canary", headers={"traceparent": parent})
    tracing._tracer.span_processor.force_flush(10_000)
    sent = b"".join(bodies)
    assert b"GET api/v1/users/<str:" in sent or b"GET unknown" in sent
    assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") in sent
    assert b"canary" not in sent


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "timestamp", "KeyType": "HASH"},
                {"AttributeName": "log_level", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("timestamp", "log_level")],
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        )
        yield client


def _items(client: Any) -> list[dict[str, str]]:
    return [{name: value["S"] for name, value in item.items()} for item in client.scan(TableName=TABLE)["Items"]]


@pytest.mark.django_db(transaction=True)
def test_dynamodb_gets_events_errors_and_audit_actions_without_values(
    northside: Clinic, settings: Any, table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = EventSink(table, TABLE)
    for module in ("glucose_platform.log_forwarding", "audit.events"):
        monkeypatch.setattr(f"{module}.event_sink", lambda: sink)
    write(northside)
    made = seal(northside)
    root = logging.getLogger()
    former = root.handlers[:], root.level
    configure({**settings.LOGGING, "events": True, "level": "INFO"})
    try:
        structlog.get_logger("ours").info("something_happened", email="x@northside.example", number=5)
        try:
            raise ValueError(NAME)
        except ValueError:
            structlog.get_logger("ours").exception("something_failed", request_id="request-1")
        with northside.scope():
            put_sealed_entries(made)
        assert sink.wait_until_empty(20)
    finally:
        configure(settings.LOGGING)
        root.handlers[:], root.level = former
    items = _items(table)
    by_message = {item["message"]: item for item in items}
    assert by_message["something_happened"]["log_level"] == "INFO"
    assert json.loads(by_message["something_happened"]["context"])["number"] == 5
    assert "ValueError" in by_message["something_failed"]["context"]
    assert sum(item["log_level"] == "AUDIT" for item in items) == sum(one.rows for one in made)
    assert not [item for item in items if "Canary" in str(item) or "northside.example" in str(item)]


def test_nobody_waits_for_dynamodb_and_what_it_does_not_take_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, float]] = []
    monkeypatch.setattr(sinks, "tell", lambda *given: told.extend(given))
    monkeypatch.setattr(sinks, "LONGEST_WAIT", 0.01)
    let_go = threading.Event()

    class Hangs:
        def batch_write_item(self, **_: Any) -> None:
            let_go.wait(20)
            raise ConnectionError("no way there")

    sink = EventSink(Hangs(), TABLE, most_waiting=3)
    for number in range(60):
        sink.put(level="info", message=str(number), context={})
    let_go.set()
    assert sink.wait_until_empty(20)
    sink.put(level="info", message="after", context={})
    assert sink.wait_until_empty(20)
    dropped = {name.rpartition("\x1f")[2]: 0.0 for one in told for name in one if "dropped" in name}
    for one in told:
        for name, by in one.items():
            if "dropped" in name:
                dropped[name.rpartition("\x1f")[2]] += by
    assert dropped["refused"] + dropped["full"] == 61
    assert dropped["full"] > 0
