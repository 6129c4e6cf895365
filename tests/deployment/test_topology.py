"""Every process of the compose file on this machine: proxy with TLS, pooler, a database with a replica, two of each."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from alerts.tests.receiver import Receiver, running_receiver
from scripts.topology.configured import Missing
from scripts.topology.postgres import REPLICA_PORT
from scripts.topology.running import Topology, running_topology, wait_until
from tests.faults.alarming import CHANNEL
from tests.faults.installation import SETUP, milliseconds, reading_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
DEVICES = 8


@dataclass
class Place:
    topology: Topology
    receiver: Receiver
    key: str

    def client(self) -> httpx.Client:
        trust = ssl.create_default_context(cafile=self.topology.root_certificate)
        return httpx.Client(base_url=self.topology.address, verify=trust, timeout=30, headers={"X-API-Key": self.key})


# Receivers of alarms are on this machine, and one device posts faster than a sensor does.
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
    "MAX_GLUCOSE_READING_RATE": "1",
    "LIMIT_DEVICE_WRITES": "1000000/minute",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("topology")
    try:
        with running_receiver() as receiver, running_topology(directory, **SETTINGS) as topology:
            shell = ("shell", "--no-imports", "--verbosity", "0")
            key = json.loads(topology.manage(*shell, standard_input=SETUP.replace("DEVICES", str(DEVICES))))
            topology.manage(*shell, standard_input=CHANNEL.replace("URL", receiver.url))
            yield Place(topology, receiver, key)
    except Missing as missing:
        pytest.skip(str(missing))


@dataclass
class Posting(threading.Thread):
    """Posts one reading after the other, repeats what 503 answers, and keeps what was acknowledged."""

    place: Place
    number: int
    acknowledged: list[str] = field(default_factory=list)
    answers: Counter[int | str] = field(default_factory=Counter)
    enough: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        with self.place.client() as http:
            while not self.enough.is_set():
                at = datetime.now(UTC)
                path, body = reading_of(self.number, at)
                while not (is_taken := self._is_taken(http, path, body)) and not self.enough.is_set():
                    time.sleep(0.2)
                if is_taken:
                    self.acknowledged.append(f"ARGUS_{self.number} {milliseconds(at)}")

    def _is_taken(self, http: httpx.Client, path: str, body: dict[str, object]) -> bool:
        try:
            status = http.post(path, json=body).status_code
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            return False
        self.answers[status] += 1
        return status in {201, 409}


def test_a_reading_goes_through_tls_and_comes_out_at_every_server_and_as_an_alarm(place: Place) -> None:
    path, body = reading_of(0, datetime.now(UTC), 50)
    with place.client() as http:
        posted = http.post(path, json=body)
        assert posted.status_code == 201, posted.text
        # Once each way: pages are web's, the data plane's paths the edge's.
        assert http.get("/livez").json() == {"status": "OK"}
        assert http.get("/admin/login/", headers={"Accept": "text/html"}).status_code == 200
    for name in ("edge1", "edge2"):
        seen = httpx.get(
            f"http://127.0.0.1:{place.topology.ports[name]}/api/v1/devices/ARGUS_0/readings/latest",
            headers={"X-API-Key": place.key, "Host": "localhost"},
        )
        assert seen.json()["glucoseValue"] == 50, name
    assert place.receiver.arrived.wait(60), "the alarm did not come"
    told = json.loads(place.receiver.received[0].body)
    assert "low" in json.dumps(told)
    # Both are asked, and say that database, replica's primary, Valkey and a worker are there.
    for name in ("web1", "web2"):
        wait_until(lambda name=name: ready(place, name), f"{name} is ready", 90)  # type: ignore[misc]


def ready(place: Place, name: str) -> bool:
    address = f"http://127.0.0.1:{place.topology.ports[name]}/readyz"
    return httpx.get(address, headers={"Host": "localhost"}, timeout=20).status_code == 200


@pytest.mark.nightly
def test_every_process_is_replaced_under_load_and_no_request_fails_beyond_503(place: Place) -> None:
    posting = [Posting(place, number) for number in (1, 2)]
    for each in posting:
        each.start()
    try:
        for name in ("edge1", "edge2", "web1", "web2", "worker1", "worker2", "alarms", "beat"):
            before = [len(each.acknowledged) for each in posting]
            place.topology.restart(name)
            wait_until(
                lambda before=before: all(
                    len(each.acknowledged) > old for each, old in zip(posting, before, strict=True)
                ),  # type: ignore[misc]
                f"readings go on after {name}",
            )
    finally:
        for each in posting:
            each.enough.set()
            each.join()
    answers = sum((each.answers for each in posting), Counter[int | str]())
    assert set(answers) <= {201, 409, 429, 503}, answers
    assert answers[201] > 20


@pytest.mark.nightly
def test_the_replica_takes_over_and_has_every_acknowledged_reading(place: Place) -> None:
    posting = [Posting(place, number) for number in (3, 4, 5)]
    for each in posting:
        each.start()
    try:
        wait_until(lambda: all(len(each.acknowledged) > 10 for each in posting), "readings are posted")
        place.topology.pair.kill_primary()
        place.topology.fail_over()
        before = [len(each.acknowledged) for each in posting]
        wait_until(
            lambda: all(len(each.acknowledged) > old for each, old in zip(posting, before, strict=True)),
            "readings go on after the promotion",
        )
    finally:
        for each in posting:
            each.enough.set()
            each.join()
    server = place.topology.pair.server
    url = server.admin_url.replace("/postgres?", "/glucose?").replace("port=5432", f"port={REPLICA_PORT}")
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT device.code, measured_at FROM readings_glucosereading reading JOIN devices_device device"
            " ON device.organization_id = reading.organization_id AND device.id = reading.device_id"
        ).fetchall()
    stored = {f"{code} {milliseconds(at)}" for code, at in rows}
    lost = [reading for each in posting for reading in each.acknowledged if reading not in stored]
    assert lost == []
