"""Who may open a stream, with what, from where, and until when."""

from __future__ import annotations

import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from accounts.services import change_member
from audit.models import Entry
from edge.tests.posting import instant
from edge.tests.streaming import close_code, lines, post, raw_socket, socket, ticket, wait_until
from edge.tests.test_isolation_of_callers import ENDS, inside
from tenancy.redis import limits_client
from tests.clinics import Clinic
from tests.live import running_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(36)]
ROUTES = ("/ws/vitals", "/ws/live-data", "/ws/device-status", "/ws/alerts")
APP = "https://app.example"


def bearer(clinic: Clinic, role: str = "owner") -> dict[str, str]:
    return {"Authorization": f"Bearer {clinic.access_token(role)}"}


def status(address: str, query: str = "", **headers: str) -> int:
    with httpx.stream("GET", f"{address}/api/v1/stream{query}", headers=headers) as answer:
        return answer.status_code


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_sign_in_nothing_opens(live_url: str, northside: Clinic, route: str) -> None:
    for headers in ({}, {"Authorization": "Bearer ey.no.token"}, {"X-API-Key": northside.device_key}):
        assert close_code(live_url, route, headers=headers) == 4401
        # A device's key hears of the device's commands there.
        assert status(live_url, **headers) == (200 if "X-API-Key" in headers else 401)
    assert close_code(live_url, f"{route}?ticket=nonsense") == 4401


def test_tokens_in_an_address_are_refused(live_url: str, northside: Clinic) -> None:
    token = northside.access_token("owner")
    for name in ("token", "access_token", "jwt"):
        assert close_code(live_url, f"/ws/vitals?{name}={token}") == 4400
        answer = httpx.get(f"{live_url}/api/v1/stream?{name}={token}")
        assert (answer.status_code, token in answer.text) == (400, False)


def test_a_ticket_opens_one_stream(live_url: str, northside: Clinic) -> None:
    text = ticket(live_url, northside.access_token("nurse"))
    with raw_socket(live_url, f"/ws/vitals?ticket={text}") as connection:
        assert "stream.opened" in connection.recv(timeout=10)
        assert close_code(live_url, f"/ws/vitals?ticket={text}") == 4401
    assert status(live_url, f"?ticket={text}") == 401
    other = ticket(live_url, northside.access_token("nurse"))
    assert [status(live_url, f"?ticket={other}") for _ in range(2)] == [200, 401]


def test_a_ticket_ends_after_half_a_minute(live_url: str, northside: Clinic) -> None:
    text = ticket(live_url, northside.access_token("nurse"))
    client = limits_client()
    (key,) = client.scan_iter("live:ticket:*")
    assert 0 < client.ttl(key) <= 30
    assert text.encode() not in key
    client.pexpire(key, 1)
    time.sleep(0.01)
    assert status(live_url, f"?ticket={text}") == 401


def test_a_ticket_of_somebody_who_has_signed_out(live_url: str, northside: Clinic) -> None:
    text = ticket(live_url, northside.access_token("nurse"))
    role, end = ENDS["the sign-in is revoked"]
    end(northside, role)
    assert status(live_url, f"?ticket={text}") == 401


def test_origins(northside: Clinic) -> None:
    with running_server(environment={"CORS_ORIGINS": APP}) as address:
        headers = bearer(northside)
        for origin in ("https://evil.example", "null", "http://app.example", f"{APP}.evil.example"):
            with pytest.raises(InvalidStatus) as refused:
                close_code(address, headers={**headers, "Origin": origin})
            assert refused.value.response.status_code == 403
            assert status(address, **headers, Origin=origin) == 403
        for origin in (APP, address):
            with raw_socket(address, headers={**headers, "Origin": origin}) as connection:
                assert "stream.opened" in connection.recv(timeout=10)
        of_the_app = ticket(address, northside.access_token("owner"), Origin=APP)
        assert status(address, f"?ticket={of_the_app}", Origin=address) == 401
        of_a_phone = ticket(address, northside.access_token("owner"))
        assert close_code(address, f"/ws/vitals?ticket={of_a_phone}", headers={"Origin": APP}) == 4401
        of_the_app = ticket(address, northside.access_token("owner"), Origin=APP)
        assert status(address, f"?ticket={of_the_app}", Origin=APP) == 200


@pytest.mark.promise(14)
@pytest.mark.parametrize("what", ENDS)
def test_it_closes_when_the_right_ends(live_url: str, northside: Clinic, what: str) -> None:
    role, end = ENDS[what]
    token = northside.access_token(role)
    with socket(live_url, token) as heard, lines(live_url, token) as other:
        other.next()
        end(northside, role)
        begun = time.monotonic()
        assert heard.close_code() == 4401
        assert other.next() == ("close", {"code": 4401, "reason": "Your sign-in has ended. Please sign in again."})
        assert time.monotonic() - begun < 3


@pytest.mark.promise(14)
def test_it_closes_when_the_rights_change(live_url: str, northside: Clinic) -> None:
    with socket(live_url, northside.access_token("nurse")) as heard:
        with inside(northside):
            change_member(membership=northside.people["nurse"], changes={"role": "viewer"})
        assert heard.close_code() == 4401


@pytest.mark.promise(8)
def test_topics_need_their_rights(live_url: str, northside: Clinic) -> None:
    patient = bearer(northside, "patient")
    assert close_code(live_url, "/ws/device-status", headers=patient) == 4403
    assert status(live_url, "?topics=device-status", **patient) == 403
    assert status(live_url, "?topics=vitals,everything", **patient) == 422
    assert status(live_url, "?topics=vitals&patient=user_9012", **patient) == 422
    with lines(live_url, northside.access_token("patient")) as heard:
        assert heard.next()[1]["data"] == {"topics": ["alerts", "vitals"]}
    with socket(live_url, northside.access_token("viewer"), "/ws/device-status") as other:
        post(live_url, northside, timestamp=instant())
        with pytest.raises(TimeoutError):
            other.next(0.5)


def test_other_sockets_do_not_open(live_url: str, northside: Clinic) -> None:
    for route in ("/ws", "/ws/vitals/", "/ws/patients", "/api/v1/stream"):
        with pytest.raises(InvalidStatus):
            close_code(live_url, route, headers=bearer(northside))


@pytest.mark.promise(43)
def test_so_many_streams_and_no_more(northside: Clinic) -> None:
    limits = {"LIVE_STREAMS": "3", "LIVE_STREAMS_PER_PERSON": "2"}
    nurse, owner = northside.access_token("nurse"), northside.access_token("owner")
    with running_server(environment=limits) as address, socket(address, nurse), socket(address, owner):
        with socket(address, nurse):
            assert close_code(address, headers={"Authorization": f"Bearer {owner}"}) == 1013
            assert status(address, Authorization=f"Bearer {owner}") == 503
        # The place is free as soon as the server has seen that the client left.
        wait_until(lambda: status(address, Authorization=f"Bearer {owner}") == 200)
        with running_server(environment={**limits, "LIVE_STREAMS": "9"}) as other, socket(other, nurse):
            with lines(other, nurse):
                assert close_code(other, headers={"Authorization": f"Bearer {nurse}"}) == 4429
                assert status(other, Authorization=f"Bearer {nurse}") == 429
            wait_until(lambda: status(other, Authorization=f"Bearer {nurse}") == 200)


@pytest.mark.promise(56)
def test_each_stream_leaves_a_look(live_url: str, northside: Clinic) -> None:
    for role in ("patient", "nurse"):
        with socket(live_url, northside.access_token(role)):
            pass
    with inside(northside):
        looks = list(Entry.objects.filter(object_type="readings.live").order_by("id"))
    assert [(look.actor_role, look.patient_id) for look in looks] == [
        ("patient", northside.patients[0].pk),
        ("nurse", None),
    ]
