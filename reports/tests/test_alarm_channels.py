"""The workplace's pages of channels, contacts and messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.deliveries.services import create_contact, plan, send_due
from alerts.models import Channel, Contact, Delivery
from alerts.services.choices import choose_for_clinic
from alerts.tests.receiver import Receiver, running_receiver
from alerts.tests.telling import make_channel, make_episode, start_anew
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
PAGE, MESSAGES = "/admin/alarm-channels/", "/admin/alarm-deliveries/"
SECRET = "correct-horse-battery-staple-0123456789"
URL = "https://hooks.example.org/very-secret-path"
JSON = {"Accept": "application/json"}


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


def html(clinic: Clinic, path: str = PAGE, by: str = "owner") -> str:
    return clinic.admin(by).get(path).content.decode()


def post(clinic: Clinic, path: str, form: dict[str, Any], by: str = "owner") -> str:
    text: str = clinic.admin(by).post(path, form, follow=True).content.decode()
    return text


def named(clinic: Clinic) -> Channel:
    with clinic.scope(), transaction.atomic():
        channel: Channel = Channel.objects.standing().get()
    return channel


def test_an_empty_clinic_is_told_what_to_do_first(clinic: Clinic) -> None:
    page = html(clinic)
    for words in ("Nobody is named to be told", "There is no channel yet", "Signed webhook", "Name somebody"):
        assert words in page
    assert "Nobody is named to be told" in html(clinic, "/admin/patients/patient/")
    assert "Nobody is named to be told" not in html(clinic, "/admin/patients/patient/", by="nurse")


@pytest.mark.promise(31)
def test_a_channel_is_set_up_changed_and_removed_without_its_secrets_showing(clinic: Clinic) -> None:
    form = {"name": "Night duty", "setting_url": URL, "setting_secret": "short"}
    refused = post(clinic, f"{PAGE}new/webhook/", form)
    assert "Give 32 to 200 characters" in refused
    assert "very-secret-path" not in refused
    made = post(clinic, f"{PAGE}new/webhook/", {**form, "setting_secret": SECRET})
    assert "Test it, then name who is told by it" in made
    assert ("hooks.example.org" in made, SECRET in made, "very-secret-path" in made) == (True, False, False)

    channel = named(clinic)
    path = f"{PAGE}{channel.public_id}/"
    changed = post(clinic, path, {"name": "Night", "setting_url": "", "setting_secret": "", "action": "save"})
    assert "Switched off" in changed
    channel = named(clinic)
    assert (channel.name, channel.is_on) == ("Night", False)
    with clinic.scope(), transaction.atomic():
        assert channel.opened_settings == {"url": URL, "secret": SECRET}
    assert "was removed" in post(clinic, path, {"action": "remove"})
    assert clinic.admin("owner").get(path).status_code == 404


def test_contacts_are_named_moved_and_removed(clinic: Clinic) -> None:
    nurse = str(clinic.people["nurse"].user_public_id)
    form = {"action": "add", "level": "0", "member": nurse, "channel": "", "group": "", "minimum_severity": "high"}
    page = post(clinic, PAGE, form)
    assert "high alarms and worse" in page
    assert "Nobody is named to be told" not in page
    assert "stands at this level already" in post(clinic, PAGE, form)
    assert "Name a member, a channel, or both" in post(clinic, PAGE, {**form, "member": ""})
    with clinic.scope(), transaction.atomic():
        contact = Contact.objects.get()
    act = {"contact": str(contact.public_id)}
    for action, position in (("later", 1), ("later", 2), ("earlier", 1)):
        post(clinic, PAGE, {**act, "action": action})
        with clinic.scope(), transaction.atomic():
            assert Contact.objects.get().position == position
    post(clinic, PAGE, {**act, "action": "remove"})
    with clinic.scope(), transaction.atomic():
        assert not Contact.objects.exists()


def test_the_test_button_answers_on_the_page_and_a_dead_channel_is_told_of(clinic: Clinic, receiver: Receiver) -> None:
    with clinic.scope(), transaction.atomic():
        channel = make_channel("webhook", url=receiver.url, secret=SECRET)
        create_contact(position=0, channel=channel)
    path, owner = f"{PAGE}{channel.public_id}/test/", clinic.admin("owner")
    assert owner.post(path, headers=JSON).json()["result"] == "Taken (HTTP 200)."
    assert "last delivered just now" in html(clinic).lower()
    receiver.always = (401, b"")
    told = [owner.post(path, headers=JSON).json() for _ in range(3)][-1]
    assert (told["wasTaken"], told["word"]) == (False, "Dead")
    assert "HTTP 401" in html(clinic)
    assert "do not get through by On call" in html(clinic, "/admin/patients/patient/", by="admin")
    assert "HTTP 401" in owner.post(path, follow=True).content.decode()
    assert json.loads(receiver.received[0].body)["type"] == "alert.test"


@pytest.mark.promise(1)
def test_the_test_button_is_for_those_who_set_channels_up(
    clinic: Clinic, southside: Clinic, receiver: Receiver
) -> None:
    with clinic.scope(), transaction.atomic():
        channel = make_channel("webhook", url=receiver.url, secret=SECRET)
    path = f"{PAGE}{channel.public_id}/test/"
    assert clinic.admin("nurse").post(path, headers=JSON).status_code == 403
    assert southside.admin("owner").post(path, headers=JSON).status_code == 404
    elsewhere = clinic.admin("owner").post(path, {"for_clinic": "southside"}, headers=JSON)
    assert elsewhere.status_code == 409
    assert clinic.admin("owner").get(path).status_code == 405
    assert receiver.received == []


def test_messages_show_what_was_sent_and_go_out_again(clinic: Clinic, receiver: Receiver) -> None:
    receiver.answers = [(410, b"")]
    with clinic.scope(), transaction.atomic():
        choose_for_clinic(message_detail="value")
        channel = make_channel("webhook", url=receiver.url, secret=SECRET)
        create_contact(position=0, channel=channel)
        plan(make_episode(clinic), "opened", timezone.now())
    with clinic.scope():
        send_due()
    with clinic.scope(), transaction.atomic():
        delivery = Delivery.objects.get(channel=channel)
    page = html(clinic, f"{MESSAGES}?show=not-taken&channel={channel.public_id}&patient=user_5678")
    assert "The server refused the message (HTTP 410)." in page
    assert "No messages match" in html(clinic, f"{MESSAGES}?channel={channel.public_id}&patient=user_9012")
    assert "54 mg/dL" in html(clinic, f"{MESSAGES}{delivery.public_id}/", by="nurse")
    assert "Send again" not in html(clinic, MESSAGES, by="nurse")
    assert "It is sent again" in post(clinic, MESSAGES, {"delivery": str(delivery.public_id)})
    with clinic.scope():
        send_due()
    with clinic.scope(), transaction.atomic():
        delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT


def test_older_messages_are_on_further_pages_and_cost_no_more(clinic: Clinic) -> None:
    with clinic.scope(), transaction.atomic():
        episode = make_episode(clinic)
        Delivery.objects.bulk_create(
            Delivery(episode=episode, patient=clinic.patients[0], recipient=f"r{number}", reason="opened", state="sent")
            for number in range(60)
        )
    owner = clinic.admin("owner")
    with CaptureQueriesContext(connection) as many:
        first = owner.get(f"{MESSAGES}?alarm={episode.public_id}").content.decode()
    assert first.count("<time") == 50
    older = first.partition("Older messages")[0].rpartition('href="?')[2].partition('"')[0].replace("&amp;", "&")
    assert owner.get(f"{MESSAGES}?{older}").content.decode().count("<time") == 10
    assert len(many) < 30


@pytest.mark.parametrize("path", [PAGE, MESSAGES])
def test_viewers_do_not_see_the_pages(clinic: Clinic, path: str) -> None:
    assert clinic.admin("viewer").get(path).status_code == 403
    assert clinic.admin("nurse").get(path).status_code == 200
    assert clinic.admin("nurse").get(f"{PAGE}new/webhook/").status_code == 403
