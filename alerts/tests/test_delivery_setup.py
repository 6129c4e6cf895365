"""Channels and contacts as a clinic sets them up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from alerts.deliveries.services import (
    change_channel,
    change_contact,
    create_channel,
    create_contact,
    remove_contact,
    send_test,
)
from alerts.models import Channel, Contact
from alerts.tests.telling import make_channel, start_anew
from audit.models import Entry
from tenancy.scope import organization_scope
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

SECRET = "correct-horse-battery-staple-0123456789"
WEBHOOK = {"url": "https://hooks.example.org/alarms", "secret": SECRET}
SMS = {"account_sid": f"AC{'0' * 32}", "auth_token": "t" * 32, "from": "+15005550006"}


@pytest.fixture
def clinic(northside: Clinic) -> Iterator[Clinic]:
    with northside.scope():
        start_anew(northside)
        yield northside


@pytest.mark.promise(31)
def test_settings_are_sealed_and_stand_in_no_ledger(clinic: Clinic) -> None:
    channel = create_channel(kind="webhook", name="On call", settings=WEBHOOK)
    channel = change_channel(channel=channel, changes={"settings": {"secret": SECRET[::-1]}})
    channel.refresh_from_db()
    assert channel.opened_settings == {**WEBHOOK, "secret": SECRET[::-1]}
    with connection.cursor() as cursor:
        cursor.execute("SELECT alerts_channel::text FROM alerts_channel WHERE id = %s", [channel.pk])
        (stored,) = cursor.fetchone()
        cursor.execute("SELECT changes::text FROM audit_entry WHERE object_id = %s", [str(channel.public_id)])
        told = [changes for (changes,) in cursor.fetchall()]
    assert len(told) == 2
    for secret in (SECRET, SECRET[::-1], "hooks.example.org", SECRET.encode().hex()):
        assert not [text for text in (stored, repr(channel), *told) if secret in text]


@pytest.mark.parametrize(
    "settings", [{}, {"url": WEBHOOK["url"]}, {**WEBHOOK, "url": "http://hooks.example.org"}, {**WEBHOOK, "x": "y"}]
)
def test_settings_that_would_not_work_are_refused(clinic: Clinic, settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        create_channel(kind="webhook", name="On call", settings=settings)
    channel = create_channel(kind="webhook", name="On call", settings=WEBHOOK)
    with pytest.raises(ValidationError):
        change_channel(channel=channel, changes={"settings": {"url": "https://127.0.0.1/"}})


def test_a_kind_that_there_is_not_is_refused(clinic: Clinic) -> None:
    with pytest.raises(ValidationError, match="webhook"):
        create_channel(kind="pigeon", name="Loft", settings={})


def test_a_name_stands_for_one_channel(clinic: Clinic) -> None:
    create_channel(kind="webhook", name="Night", settings=WEBHOOK)
    with pytest.raises(ValidationError, match="this name"):
        create_channel(kind="webhook", name="Night", settings=WEBHOOK)


def test_contacts_are_changed_and_removed_with_a_word_in_the_ledger(clinic: Clinic) -> None:
    contact = create_contact(position=0, member=clinic.people["nurse"])
    change_contact(contact=contact, changes={"position": 2})
    assert Contact.objects.get().position == 2
    remove_contact(contact=contact)
    assert not Contact.objects.exists()
    told = Entry.objects.filter(object_type="alerts.contact", object_id=str(contact.public_id))
    assert sorted(told.values_list("action", flat=True)) == ["create", "delete", "update"]


@pytest.mark.parametrize("position", [-1, 4])
def test_levels_are_0_to_3(clinic: Clinic, position: int) -> None:
    with pytest.raises(ValidationError):
        create_contact(position=position, member=clinic.people["nurse"])


def test_somebody_is_named(clinic: Clinic) -> None:
    with pytest.raises(ValidationError, match="Name a member"):
        create_contact(position=0)


def test_the_same_contact_stands_at_a_level_once(clinic: Clinic) -> None:
    create_contact(position=0, member=clinic.people["nurse"])
    with pytest.raises(ValidationError, match="already"):
        create_contact(position=0, member=clinic.people["nurse"])
    above = create_contact(position=1, member=clinic.people["nurse"])
    with pytest.raises(ValidationError, match="already"):
        change_contact(contact=above, changes={"position": 0})


def test_patients_hear_of_no_other_patients(clinic: Clinic) -> None:
    with pytest.raises(ValidationError, match="staff"):
        create_contact(position=0, member=clinic.people["patient"])


def test_a_channel_that_goes_nowhere_needs_a_member_who_can_be_reached(clinic: Clinic) -> None:
    channel: Channel = create_channel(kind="sms", name="Night", settings=SMS)
    with pytest.raises(ValidationError, match="Name a member"):
        create_contact(position=0, channel=channel)
    with pytest.raises(ValidationError, match="Name a member"):
        send_test(channel=channel)
    nurse = clinic.people["nurse"]
    nurse.phone = ""
    with pytest.raises(ValidationError, match="phone"):
        create_contact(position=0, channel=channel, member=nurse)
    nurse.phone = "+491701234567"
    create_contact(position=0, channel=channel, member=nurse)


def test_a_patients_login_sees_neither_channels_nor_contacts(northside: Clinic) -> None:
    with northside.scope():
        start_anew(northside)
        make_channel("webhook", **WEBHOOK)
        create_contact(position=0, member=northside.people["nurse"])
    patient = northside.people["patient"]
    with organization_scope(northside.organization.id, user_id=patient.user_id, patient_id=patient.patient_id):
        assert not Channel.objects.exists()
        assert not Contact.objects.exists()
