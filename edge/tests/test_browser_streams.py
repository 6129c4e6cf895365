"""A browser of the workplace as a listener: a ticket of its session, and until when the stream lasts."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.test import Client

from accounts.browser_sessions.models import BrowserSession
from accounts.browser_sessions.services import end_session
from accounts.models import SupportAccess, User
from accounts.roles import SUPPORT
from accounts.services import change_member, set_password
from audit.models import Entry
from edge.tests.streaming import Socket, close_code, lines, raw_socket
from edge.tests.test_isolation_of_callers import inside
from tests.clinics import PASSWORD, Clinic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(36)]
TICKET = "/admin/alarms/ticket/"


def ticket(client: Client, **headers: str) -> str:
    answer = client.post(TICKET, headers=headers)
    assert answer.status_code == 201, answer.content
    assert answer.json()["expiresIn"] == 30
    return str(answer.json()["ticket"])


def user_of(clinic: Clinic, role: str) -> User:
    user = User.objects.with_id(clinic.user_id(role))
    assert user is not None
    return user


def sign_out(clinic: Clinic, client: Client) -> None:
    client.post("/admin/logout/")


def end_elsewhere(clinic: Clinic, client: Client) -> None:
    session = BrowserSession.objects.get(session_key=client.session.session_key)
    assert end_session(user=user_of(clinic, "nurse"), public_id=session.public_id)


def leave_it_alone(clinic: Clinic, client: Client) -> None:
    then = datetime.now(UTC) - timedelta(minutes=16)
    BrowserSession.objects.filter(session_key=client.session.session_key).update(last_seen_at=then)


def work_for_too_long(clinic: Clinic, client: Client) -> None:
    then = datetime.now(UTC) - timedelta(hours=13)
    BrowserSession.objects.filter(session_key=client.session.session_key).update(signed_in_at=then)


def leave_the_clinic(clinic: Clinic, client: Client) -> None:
    with inside(clinic):
        change_member(membership=clinic.people["nurse"], changes={"is_active": False})


def get_another_role(clinic: Clinic, client: Client) -> None:
    with inside(clinic):
        change_member(membership=clinic.people["nurse"], changes={"role": "viewer"})


def get_another_password(clinic: Clinic, client: Client) -> None:
    set_password(user=user_of(clinic, "nurse"), password=f"{PASSWORD}-2")


ENDS: list[Callable[[Clinic, Client], None]] = [
    sign_out, end_elsewhere, leave_it_alone, work_for_too_long, leave_the_clinic, get_another_role,
    get_another_password,
]  # fmt: skip


def test_a_ticket_opens_one_stream_of_the_clinic(live_url: str, northside: Clinic) -> None:
    client = northside.admin("nurse")
    text = ticket(client)
    with raw_socket(live_url, f"/ws/alerts?ticket={text}") as connection:
        assert Socket(connection).opened["data"] == {"topics": ["alerts"]}
        assert close_code(live_url, f"/ws/alerts?ticket={text}") == 4401
    with lines(live_url, None, f"?topics=alerts&ticket={ticket(client)}") as heard:
        assert heard.next()[0] == "stream.opened"
    session = BrowserSession.objects.get(session_key=client.session.session_key)
    with inside(northside):
        look = Entry.objects.filter(object_type="readings.live").order_by("-at").first()
        assert look is not None
        assert (look.actor_name, look.session) == (northside.people["nurse"].name, str(session.public_id))


@pytest.mark.promise(14)
@pytest.mark.parametrize("end", ENDS)
def test_it_closes_when_the_session_or_the_right_ends(
    live_url: str, northside: Clinic, end: Callable[[Clinic, Client], None]
) -> None:
    client = northside.admin("nurse")
    with raw_socket(live_url, f"/ws/alerts?ticket={ticket(client)}") as connection:
        heard = Socket(connection)
        unused = ticket(client)
        end(northside, client)
        begun = time.monotonic()
        assert heard.close_code() == 4401
        assert time.monotonic() - begun < 3
    if end is not get_another_role:
        assert close_code(live_url, f"/ws/alerts?ticket={unused}") == 4401


def test_others_sessions_go_on(live_url: str, northside: Clinic, southside: Clinic) -> None:
    nurse, owner, foreign = northside.admin("nurse"), northside.admin("owner"), southside.admin("nurse")
    with (
        raw_socket(live_url, f"/ws/alerts?ticket={ticket(owner)}") as ours,
        raw_socket(live_url, f"/ws/alerts?ticket={ticket(foreign)}") as theirs,
        raw_socket(live_url, f"/ws/alerts?ticket={ticket(nurse)}") as ended,
    ):
        others = [Socket(ours), Socket(theirs)]
        sign_out(northside, nurse)
        assert Socket(ended).close_code() == 4401
        for other in others:
            with pytest.raises(TimeoutError):
                other.next(seconds=1.5)


def test_who_gets_none(live_url: str, northside: Clinic) -> None:
    answers = [Client().post(TICKET), northside.admin("patient").post(TICKET)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert northside.admin("nurse").get(TICKET).status_code == 405
    assert northside.api("nurse").post(TICKET).status_code == 302


def test_a_page_of_another_origin_cannot_use_it(live_url: str, northside: Clinic) -> None:
    text = ticket(northside.admin("nurse"), Origin="http://testserver")
    assert close_code(live_url, f"/ws/alerts?ticket={text}", headers={"Origin": live_url}) == 4401
    answer = httpx.get(f"{live_url}/api/v1/stream?ticket={uuid.uuid4()}")
    assert answer.status_code == 401


def test_support_listens_while_its_access_lasts(live_url: str, northside: Clinic) -> None:
    user, client = user_of(northside, SUPPORT), Client()
    assert client.login(username=user.email, password=PASSWORD)
    with raw_socket(live_url, f"/ws/alerts?ticket={ticket(client)}") as connection:
        heard = Socket(connection)
        with inside(northside):
            SupportAccess.objects.filter(user_id=user.pk).update(ended_at=datetime.now(UTC))
        assert heard.close_code() == 4401
