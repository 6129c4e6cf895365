"""Channels, contacts and deliveries over REST: what is set up, who is told, and whether it came through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone
from structlog.testing import capture_logs

from accounts.organizations import change_organization
from alerts.deliveries.services import create_contact, plan, send_due
from alerts.models import Channel, Delivery, RuleGroup
from alerts.services.choices import choose_for_clinic
from alerts.services.groups import put_in_group
from alerts.tests.receiver import Receiver, running_receiver
from alerts.tests.telling import make_channel, make_episode, start_anew
from audit.models import Entry
from patients.care_team import remove_from_care_team
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

committed = pytest.mark.django_db(transaction=True)
CHANNELS, CONTACTS, DELIVERIES = "/api/v1/alert-channels", "/api/v1/alert-contacts", "/api/v1/alert-deliveries"
SECRET = "correct-horse-battery-staple-0123456789"
WEBHOOK = {"url": "https://hooks.example.org/T0/very-secret-path", "secret": SECRET}


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    with running_receiver() as running:
        yield running


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    with northside.scope(), transaction.atomic():
        start_anew(northside)
        with audited_elsewhere("a test"):
            Channel.objects.all().update(removed_at=timezone.now())
    return northside


def made(clinic: Clinic, **body: Any) -> dict[str, Any]:
    sent = {"kind": "webhook", "name": "On call", "settings": WEBHOOK, **body}
    answer = send(clinic.api("owner"), "POST", CHANNELS, sent)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def items(clinic: Clinic, path: str, role: str = "owner") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = clinic.api(role).get(path).json()["items"]
    return found


@pytest.mark.django_db
@pytest.mark.promise(31)
def test_secrets_go_in_and_never_come_out(clinic: Clinic) -> None:
    with capture_logs() as logs:
        channel = made(clinic)
        path = f"{CHANNELS}/{channel['id']}"
        changed = send(clinic.api("owner"), "PATCH", path, {"settings": {"secret": SECRET[::-1]}})
        refused = send(clinic.api("owner"), "PATCH", path, {"settings": {"secret": f"{SECRET} with spaces"}})
        unknown = send(clinic.api("owner"), "POST", CHANNELS, {"kind": "webhook", "settings": {"secret": SECRET}})
    assert changed.json()["settings"] == [
        {
            "name": "url",
            "label": "Address",
            "isSecret": True,
            "isSet": True,
            "value": None,
            "hint": "hooks.example.org",
        },
        {"name": "secret", "label": "Secret", "isSecret": True, "isSet": True, "value": None, "hint": "…rroc"},
    ]
    assert problems(refused)[0][1] == ["body", "settings", "secret"]
    told = [changed, refused, unknown, *(clinic.api(role).get(CHANNELS) for role in ("owner", "nurse"))]
    with clinic.scope():
        entries = list(Entry.objects.filter(object_type="alerts.channel").values_list("changes", flat=True))
    assert len(entries) >= 2
    everything = [*(answer.content.decode() for answer in told), json.dumps(entries), repr(logs)]
    for secret in (SECRET, SECRET[::-1], "very-secret-path"):
        assert not [text for text in everything if secret in text]


@pytest.mark.django_db
def test_each_setting_that_is_wrong_is_named(clinic: Clinic) -> None:
    body = {"kind": "sms", "name": "Night", "settings": {"account_sid": "x", "auth_token": "t" * 32, "pager": "1"}}
    answer = send(clinic.api("owner"), "POST", CHANNELS, body)
    assert sorted(loc[-1] for _, loc in problems(answer)) == ["account_sid", "from", "pager"]
    assert "SID" in answer.content.decode()


@pytest.mark.django_db
def test_kinds_say_what_they_need(clinic: Clinic) -> None:
    kinds = {kind["kind"]: kind for kind in clinic.api("nurse").get("/api/v1/alert-channel-kinds").json()}
    assert set(kinds) == set(Channel.Kind.values)
    to = next(setting for setting in kinds["sms"]["settings"] if setting["name"] == "to")
    assert (to["mayBeLeftOut"], to["isSecret"]) == (True, False)


@pytest.mark.django_db
def test_a_channel_is_switched_off_and_removed_once_nobody_is_told_by_it(clinic: Clinic) -> None:
    channel = made(clinic)
    path = f"{CHANNELS}/{channel['id']}"
    assert send(clinic.api("admin"), "PATCH", path, {"isOn": False}).json()["state"] == "off"
    contact = send(clinic.api("admin"), "POST", CONTACTS, {"level": 0, "channel": channel["id"]}).json()
    assert send(clinic.api("admin"), "DELETE", path).status_code == 409
    assert send(clinic.api("admin"), "DELETE", f"{CONTACTS}/{contact['id']}").status_code == 204
    assert send(clinic.api("admin"), "DELETE", path).status_code == 204
    assert clinic.api("owner").get(path).json() == NOT_FOUND
    assert items(clinic, CHANNELS) == []
    assert send(clinic.api("admin"), "POST", CONTACTS, {"level": 0, "channel": channel["id"]}).status_code == 422
    with clinic.scope():
        assert Channel.objects.get(public_id=channel["id"]).opened_settings == {}
    made(clinic)


@pytest.mark.django_db
def test_contacts_for_the_clinic_and_for_a_group(clinic: Clinic) -> None:
    with clinic.scope(), transaction.atomic():
        group = RuleGroup.objects.create(name="Pregnancy")
        put_in_group(patient=clinic.patients[0], group=group)
        nurse, clinician = (str(clinic.people[role].user_public_id) for role in ("nurse", "clinician"))
    owner = clinic.api("owner")
    of_clinic = send(owner, "POST", CONTACTS, {"level": 0, "member": nurse})
    assert of_clinic.status_code == 201, of_clinic.content
    of_group = send(owner, "POST", CONTACTS, {"level": 0, "member": clinician, "group": str(group.public_id)}).json()
    assert {item["group"] for item in items(clinic, CONTACTS)} == {None, str(group.public_id)}
    assert [item["id"] for item in items(clinic, f"{CONTACTS}?group={group.public_id}")] == [of_group["id"]]

    def names(patient: str) -> list[tuple[str, list[str]]]:
        levels = clinic.api("nurse").get(f"/api/v1/users/{patient}/alerts/contacts").json()["levels"]
        return [(one["namedBy"], sorted(told["member"]["name"].split()[0] for told in one["told"])) for one in levels]

    assert names("user_5678")[0] == ("group", ["Clinician"])
    assert names("user_9012")[:2] == [("clinic", ["Nurse"]), ("nobody", ["Admin", "Owner"])]
    with clinic.scope(), transaction.atomic():
        plan(make_episode(clinic), "opened", timezone.now())
        plan(make_episode(clinic, patient=clinic.patients[1]), "opened", timezone.now())
        told = Delivery.objects.filter(episode__rule_code="urgent_low", state="pending").order_by("id")
        assert [row.member.role for row in told] == ["clinician", "nurse"]
    moved = send(owner, "PATCH", f"{CONTACTS}/{of_group['id']}", {"level": 2, "minimumSeverity": "high"}).json()
    assert (moved["level"], moved["minimumSeverity"]) == (2, "high")
    assert send(owner, "DELETE", f"/api/v1/alert-rule-groups/{group.public_id}").status_code == 409
    with clinic.scope(), transaction.atomic():
        put_in_group(patient=clinic.patients[0], group=None)
    assert send(owner, "DELETE", f"/api/v1/alert-rule-groups/{group.public_id}").status_code == 204
    assert [item["id"] for item in items(clinic, CONTACTS)] == [of_clinic.json()["id"]]


@pytest.mark.django_db
def test_contacts_that_cannot_be_reached_are_refused(clinic: Clinic) -> None:
    owner, patient = clinic.api("owner"), str(clinic.people["patient"].user_public_id)
    assert problems(send(owner, "POST", CONTACTS, {"level": 4, "member": patient}))[0][1] == ["body", "level"]
    assert problems(send(owner, "POST", CONTACTS, {"level": 0, "member": patient}))[0][1] == ["body", "member"]
    assert send(owner, "POST", CONTACTS, {"level": 0}).status_code == 422


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer", "patient"])
def test_who_may_not_set_up(clinic: Clinic, role: str) -> None:
    channel = made(clinic)
    client = clinic.api(role)
    for method, path, body in (
        ("POST", CHANNELS, {"kind": "webhook", "name": "Mine", "settings": WEBHOOK}),
        ("PATCH", f"{CHANNELS}/{channel['id']}", {"isOn": False}),
        ("DELETE", f"{CHANNELS}/{channel['id']}", None),
        ("POST", f"{CHANNELS}/{channel['id']}/test", {}),
        ("POST", CONTACTS, {"level": 0, "channel": channel["id"]}),
    ):
        assert send(client, method, path, body).json() == FORBIDDEN


@committed
@pytest.mark.promise(1)
def test_another_clinics_are_not_there(clinic: Clinic, southside: Clinic, receiver: Receiver) -> None:
    channel = made(clinic, settings={"url": receiver.url, "secret": SECRET})
    contact = send(clinic.api("owner"), "POST", CONTACTS, {"level": 0, "channel": channel["id"]}).json()
    with clinic.scope(), transaction.atomic():
        plan(make_episode(clinic), "opened", timezone.now())
        delivery = Delivery.objects.filter(state="pending").get().public_id
    other = southside.api("owner")
    for method, path in (
        ("GET", f"{CHANNELS}/{channel['id']}"),
        ("PATCH", f"{CHANNELS}/{channel['id']}"),
        ("DELETE", f"{CHANNELS}/{channel['id']}"),
        ("POST", f"{CHANNELS}/{channel['id']}/test"),
        ("GET", f"{CONTACTS}/{contact['id']}"),
        ("DELETE", f"{CONTACTS}/{contact['id']}"),
        ("GET", f"{DELIVERIES}/{delivery}"),
        ("POST", f"{DELIVERIES}/{delivery}/retry"),
    ):
        assert send(other, method, path, None if method in ("GET", "DELETE") else {}).json() == NOT_FOUND, path
    foreign = send(other, "POST", CONTACTS, {"level": 0, "channel": channel["id"]})
    assert problems(foreign) == [("unknown", ["body", "channel"])]
    assert other.get(f"{DELIVERIES}?channel={channel['id']}").json()["items"] == []
    assert receiver.received == []


@committed
def test_the_test_button_tells_what_came_of_it(clinic: Clinic, receiver: Receiver) -> None:
    channel = made(clinic, settings={"url": receiver.url, "secret": SECRET})
    path = f"{CHANNELS}/{channel['id']}/test"
    taken = send(clinic.api("owner"), "POST", path, {})
    assert taken.json() == {"wasTaken": True, "result": "Taken (HTTP 200).", "state": "works"}
    assert json.loads(receiver.received[0].body)["type"] == "alert.test"
    receiver.always = (401, SECRET.encode())
    refused = [send(clinic.api("owner"), "POST", path, {}).json() for _ in range(3)]
    assert refused[-1] == {"wasTaken": False, "result": "The server refused the message (HTTP 401).", "state": "dead"}
    (shown,) = items(clinic, CHANNELS)
    assert (shown["state"], shown["failures"], shown["lastSentAt"] is None) == ("dead", 3, False)
    tests = items(clinic, f"{DELIVERIES}?channel={channel['id']}")
    assert [(row["reason"], row["state"], row["patient"]) for row in tests][:2] == [("test", "failed", None)] * 2
    with clinic.scope(), transaction.atomic():
        assert Entry.objects.filter(object_id=channel["id"], reason="tested").count() == 4


@committed
@pytest.mark.promise(47)
def test_the_test_button_reaches_no_inner_network(clinic: Clinic, receiver: Receiver, settings: Any) -> None:
    channel = made(clinic, settings={"url": receiver.url, "secret": SECRET})
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = False
    answer = send(clinic.api("owner"), "POST", f"{CHANNELS}/{channel['id']}/test", {}).json()
    assert answer["wasTaken"] is False
    assert receiver.received == []


@committed
def test_tests_are_limited_for_the_clinic(clinic: Clinic, southside: Clinic, receiver: Receiver, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "channel_tests": "2/minute"}
    path = f"{CHANNELS}/{made(clinic, settings={'url': receiver.url, 'secret': SECRET})['id']}/test"
    assert [send(clinic.api(role), "POST", path, {}).status_code for role in ("owner", "admin", "owner")] == [
        200,
        200,
        429,
    ]
    assert len(receiver.received) == 2


@committed
def test_a_channel_to_members_is_tested_with_whoever_asks(clinic: Clinic) -> None:
    channel = made(clinic, kind="email", name="Mail", settings={})
    answer = send(clinic.api("owner"), "POST", f"{CHANNELS}/{channel['id']}/test", {})
    assert answer.json()["wasTaken"], answer.content
    assert [message.to for message in mail.outbox] == [[clinic.people["owner"].email]]


@committed
def test_a_delivery_shows_its_text_and_is_sent_again_by_hand(clinic: Clinic, receiver: Receiver) -> None:
    receiver.answers = [(401, b"")]
    with clinic.scope(), transaction.atomic():
        choose_for_clinic(message_detail="value")
        channel = make_channel("webhook", url=receiver.url, secret=SECRET)
        create_contact(position=0, channel=channel)
        episode = make_episode(clinic)
        plan(episode, "opened", timezone.now())
    with clinic.scope():
        send_due()
    path = f"{DELIVERIES}?alert={episode.public_id}&channel={channel.public_id}"
    (row,) = items(clinic, f"{path}&state=failed&patient=user_5678", "nurse")
    assert (row["attempts"], row["result"]) == (1, "The server refused the message (HTTP 401).")
    assert row["canBeSentAgain"]
    shown = clinic.api("nurse").get(f"{DELIVERIES}/{row['id']}").json()
    assert "54 mg/dL" in shown["text"]
    assert shown["text"] == json.loads(receiver.received[0].body)["text"]

    again = send(clinic.api("owner"), "POST", f"{DELIVERIES}/{row['id']}/retry")
    assert again.status_code == 200, again.content
    with clinic.scope():
        send_due()
    assert items(clinic, path)[0]["state"] == "sent"
    assert len({request.headers["Idempotency-Key"] for request in receiver.received}) == 1
    assert send(clinic.api("owner"), "POST", f"{DELIVERIES}/{row['id']}/retry").status_code == 409
    assert send(clinic.api("nurse"), "POST", f"{DELIVERIES}/{row['id']}/retry").json() == FORBIDDEN


@pytest.mark.django_db
@pytest.mark.promise(2)
def test_deliveries_of_patients_whom_one_may_not_see_are_not_there(clinic: Clinic) -> None:
    with clinic.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        member = clinic.people["nurse"]
        remove_from_care_team(patient=clinic.patients[0], member=member)
        plan(make_episode(clinic), "opened", timezone.now())
        hidden = str(Delivery.objects.filter(patient=clinic.patients[0]).latest("id").public_id)
    assert hidden in [row["id"] for row in items(clinic, DELIVERIES)]
    assert hidden not in [row["id"] for row in items(clinic, DELIVERIES, "nurse")]
    assert clinic.api("nurse").get(f"{DELIVERIES}/{hidden}").json() == NOT_FOUND


@pytest.mark.django_db
def test_nothing_but_a_failed_message_goes_out_again(clinic: Clinic) -> None:
    with clinic.scope(), transaction.atomic():
        plan(make_episode(clinic), "opened", timezone.now())
        waiting = Delivery.objects.filter(state="pending").latest("id").public_id
    assert send(clinic.api("owner"), "POST", f"{DELIVERIES}/{waiting}/retry").status_code == 409


@pytest.mark.django_db
def test_a_query_that_is_not_understood_is_refused(clinic: Clinic) -> None:
    assert clinic.api("owner").get(f"{DELIVERIES}?state=lost").status_code == 422
    assert clinic.api("owner").get(f"{DELIVERIES}?channel=x").status_code == 422
