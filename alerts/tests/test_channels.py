"""Each kind of channel against a real server: what it sends, and what it makes of the answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core import mail

from alerts.deliveries.channels import KINDS, Message, NotSent, outgoing, push
from alerts.models import Channel
from alerts.tests.receiver import Receiver, running_receiver

SECRET = "correct-horse-battery-staple-0123456789"
MESSAGE = Message(
    key="0b3c7b1e-8f5d-4e0e-9a55-3f1f7a3f6a10",
    episode="7d1d2c8e-1111-4222-8333-444455556666",
    type="alert.opened",
    severity="critical",
    clinic="Northside",
    at=datetime(2026, 3, 1, 1, 10, tzinfo=UTC),
    subject="Urgent low: user_5678 at Northside",
    text="Urgent low: user_5678 at Northside.\nMeasured on 01 March 2026, 01:10 (UTC).",
    facts={"patient": "user_5678", "rule": "urgent_low"},
)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    with running_receiver() as running:
        for name in ("PAGERDUTY_URL", "TWILIO_URL", "FCM_URL"):
            setattr(settings, name, running.url)
        settings.GOOGLE_TOKEN_URL = f"{running.url}/token"
        yield running


@pytest.fixture(scope="module")
def account() -> dict[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    return {
        "type": "service_account",
        "project_id": "glucose-demo",
        "client_email": "push@glucose-demo.example",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "token_uri": "http://169.254.169.254/token",
    }


def send(kind: str, settings: dict[str, str], *, to: str = "", message: Message = MESSAGE) -> str:
    assert KINDS[kind].problems(settings) == {}
    return KINDS[kind].send(settings=settings, to=to, message=message)


def settings_of(kind: str, receiver: Receiver, account: dict[str, str]) -> dict[str, str]:
    return {
        "webhook": {"url": f"{receiver.url}/hook", "secret": SECRET},
        "slack": {"url": f"{receiver.url}/services/T/B/x"},
        "teams": {"url": f"{receiver.url}/workflow"},
        "pagerduty": {"routing_key": "a" * 32},
        "sms": {"account_sid": f"AC{'0' * 32}", "auth_token": "t" * 32, "from": "+15005550006", "to": "+491701234567"},
        "push": {"service_account": json.dumps(account), "token": "app-token-of-a-phone-0001"},
    }[kind]


POSTED = ["webhook", "slack", "teams", "pagerduty", "sms"]


def test_every_kind_has_a_class() -> None:
    assert set(KINDS) == set(Channel.Kind.values)


def test_a_webhook_tells_the_facts(receiver: Receiver) -> None:
    send("webhook", {"url": f"{receiver.url}/hook?tag=1", "secret": SECRET})
    (got,) = receiver.received
    assert got.path == "/hook?tag=1"
    assert got.headers["Host"] == f"localhost:{receiver.port}"
    assert json.loads(got.body) == {
        **{"id": MESSAGE.key, "type": "alert.opened", "episode": MESSAGE.episode, "severity": "critical"},
        **{"clinic": "Northside", "at": "2026-03-01T01:10:00Z", "text": MESSAGE.text},
        **{"patient": "user_5678", "rule": "urgent_low"},
    }


def test_slack_calls_nobody_by_a_name(receiver: Receiver) -> None:
    send("slack", {"url": receiver.url}, message=replace(MESSAGE, text="<!channel> & more"))
    (got,) = receiver.received
    assert json.loads(got.body)["text"].endswith("&lt;!channel&gt; &amp; more")


def test_teams_gets_a_card_whose_text_is_no_markdown(receiver: Receiver) -> None:
    send("teams", {"url": receiver.url})
    (got,) = receiver.received
    (attachment,) = json.loads(got.body)["attachments"]
    texts = [block["inlines"][0]["text"] for block in attachment["content"]["body"]]
    assert texts == [MESSAGE.subject, MESSAGE.text]


def test_messages_about_one_alarm_are_one_incident(receiver: Receiver) -> None:
    receiver.always = (202, b"{}")
    send("pagerduty", {"routing_key": "a" * 32})
    (got,) = receiver.received
    event = json.loads(got.body)
    assert got.path == "/v2/enqueue"
    assert (event["dedup_key"], event["event_action"]) == (MESSAGE.episode, "trigger")
    assert (event["payload"]["severity"], event["payload"]["summary"]) == ("critical", MESSAGE.subject)


@pytest.mark.parametrize(("to", "number"), [("", "+491701234567"), ("+49 (30) 123-456", "+4930123456")])
def test_an_sms_goes_to_the_member_or_to_the_number(receiver: Receiver, account: Any, to: str, number: str) -> None:
    receiver.always = (201, b"{}")
    send("sms", settings_of("sms", receiver, account), to=to)
    (got,) = receiver.received
    form = parse_qs(got.body.decode())
    assert got.path == f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
    assert got.headers["Authorization"].startswith("Basic ")
    assert (form["To"], form["From"], form["Body"]) == ([number], ["+15005550006"], [MESSAGE.text])


def test_a_push_asks_for_a_token_once_and_never_where_the_file_says(receiver: Receiver, account: Any) -> None:
    push._tokens = push.AccessTokens()
    receiver.answers = [(200, b'{"access_token": "ya29.first", "expires_in": 3600}')]
    settings = settings_of("push", receiver, account)
    send("push", settings)
    send("push", settings)
    token, first, second = receiver.received
    assertion = parse_qs(token.body.decode())["assertion"][0]
    claims = jwt.decode(assertion, options={"verify_signature": False})
    assert (token.path, claims["iss"]) == ("/token", "push@glucose-demo.example")
    assert first.path == second.path == "/v1/projects/glucose-demo/messages:send"
    assert first.headers["Authorization"] == second.headers["Authorization"] == "Bearer ya29.first"
    assert json.loads(first.body)["message"]["token"] == "app-token-of-a-phone-0001"


@pytest.mark.promise(49)
@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b'{"access_token": 5, "expires_in": 3600}', b'{"access_token": "a\\nb", "expires_in": 3600}',
     b'{"access_token": "a", "expires_in": -1}', b'{"access_token": "a", "expires_in": 1e9}', b"[" * 50_000],
)  # fmt: skip
def test_a_strange_answer_to_the_question_for_a_token_is_a_failure(
    receiver: Receiver, account: Any, answer: bytes
) -> None:
    push._tokens = push.AccessTokens()
    receiver.answers = [(200, answer)]
    with pytest.raises(NotSent, match="cannot be read") as failure:
        send("push", settings_of("push", receiver, account))
    assert not failure.value.is_final


def test_a_phone_that_is_gone_is_not_tried_again(receiver: Receiver, account: Any) -> None:
    push._tokens = push.AccessTokens()
    receiver.answers = [(200, b'{"access_token": "ya29", "expires_in": 3600}'), (404, b"UNREGISTERED")]
    with pytest.raises(NotSent, match="no longer knows") as failure:
        send("push", settings_of("push", receiver, account))
    assert failure.value.is_final


def test_an_access_token_that_ended_early_is_asked_for_anew(receiver: Receiver, account: Any) -> None:
    push._tokens = push.AccessTokens()
    token = (200, b'{"access_token": "ya29", "expires_in": 3600}')
    receiver.answers = [token, (401, b""), token]
    settings = settings_of("push", receiver, account)
    with pytest.raises(NotSent):
        send("push", settings)
    send("push", settings)
    assert [one.path for one in receiver.received].count("/token") == 2


@pytest.mark.parametrize("kind", POSTED)
@pytest.mark.parametrize(
    ("status", "is_final"),
    [(500, False), (503, False), (429, False), (404, False), (400, True), (401, True), (302, True)],
)
def test_what_a_refusal_means(receiver: Receiver, account: Any, kind: str, status: int, is_final: bool) -> None:
    receiver.always = (status, b"user_5678 is refused")
    receiver.headers = {"Location": f"{receiver.url}/elsewhere"}
    with pytest.raises(NotSent) as failure:
        send(kind, settings_of(kind, receiver, account))
    assert failure.value.is_final is is_final
    assert str(status) in failure.value.result
    # The answer may quote the message; and nobody followed it elsewhere.
    assert "user_5678" not in failure.value.result
    assert len(receiver.received) == 1


@pytest.mark.promise(47)
def test_a_server_that_does_not_answer_is_left(receiver: Receiver, monkeypatch: Any) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    receiver.hold = threading.Event()
    with pytest.raises(NotSent, match="did not answer"):
        send("webhook", {"url": receiver.url, "secret": SECRET})


@pytest.mark.promise(47)
def test_an_endless_answer_is_not_read(receiver: Receiver) -> None:
    receiver.always = (200, b"x" * 5_000_000)
    assert send("webhook", {"url": receiver.url, "secret": SECRET}) == "Taken (HTTP 200)."


def test_a_server_that_is_away_is_tried_again(receiver: Receiver) -> None:
    receiver_url = receiver.url.replace(str(receiver.port), "1")
    with pytest.raises(NotSent, match="connection failed") as failure:
        send("webhook", {"url": receiver_url, "secret": SECRET})
    assert not failure.value.is_final


def test_a_mail_keeps_its_identity_from_try_to_try(settings: Any) -> None:
    for _ in range(2):
        send("email", {"address": "night@northside.example"})
    first, second = mail.outbox
    assert first.to == ["night@northside.example"]
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert MESSAGE.key in first.extra_headers["Message-ID"]
    assert first.body == MESSAGE.text + "\n"


def test_a_mail_goes_to_the_member(settings: Any) -> None:
    send("email", {"address": "night@northside.example"}, to="nurse@northside.example")
    assert mail.outbox[0].to == ["nurse@northside.example"]


def test_without_a_mail_server_the_clinic_is_told_so(settings: Any) -> None:
    settings.EMAIL_BACKEND = "accounts.mail.NoMailServer"
    with pytest.raises(NotSent, match="EMAIL_HOST"):
        send("email", {"address": "night@northside.example"})


@pytest.mark.parametrize(
    ("kind", "settings", "wrong"),
    [
        ("webhook", {"url": "https://hooks.example.org/", "secret": "short"}, "secret"),
        ("webhook", {"secret": SECRET}, "url"),
        ("webhook", {"url": "https://hooks.example.org/", "secret": SECRET, "colour": "red"}, "colour"),
        ("pagerduty", {"routing_key": "a/../../b"}, "routing_key"),
        ("sms", {"account_sid": "AC/../x", "auth_token": "t" * 32, "from": "+15005550006"}, "account_sid"),
        ("sms", {"account_sid": f"AC{'0' * 32}", "auth_token": "t" * 32, "from": "Clinic"}, "from"),
        ("push", {"service_account": "{}x", "token": "a" * 20}, "service_account"),
        ("push", {"service_account": '{"project_id": "a/b", "client_email": "x", "private_key": "y"}',
                  "token": "a" * 20}, "service_account"),
        ("email", {"address": "a@b.example, c@d.example"}, "address"),
    ],
)  # fmt: skip
def test_settings_are_checked(kind: str, settings: dict[str, str], wrong: str) -> None:
    assert list(KINDS[kind].problems(settings)) == [wrong]


def test_texts_are_cut_to_what_a_channel_takes(receiver: Receiver, account: Any) -> None:
    receiver.always = (201, b"{}")
    send("sms", settings_of("sms", receiver, account), message=replace(MESSAGE, text="x" * 5_000))
    body = parse_qs(receiver.received[0].body.decode())["Body"][0]
    assert len(body) == KINDS["sms"].longest_text
