"""Keys end at the clinic's age limit, and their people are told in time, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.organizations import change_organization
from devices.fleet.ending_keys import ending_keys
from devices.fleet.tasks import tell_of_keys
from devices.models import DeviceKey
from devices.services import issue_key, rotate_key
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def days_left(key: DeviceKey) -> int | None:
    return None if key.expires_at is None else round((key.expires_at - timezone.now()).total_seconds() / 86_400)


def test_a_new_key_ends_at_the_limit_at_the_latest(northside: Clinic) -> None:
    soon = timezone.now() + timedelta(days=5)
    with northside.scope(), transaction.atomic():
        assert days_left(issue_key(device=None).key) is None
        change_organization(changes={"device_key_max_age_days": 90})
        assert days_left(issue_key(device=None).key) == 90
        assert days_left(issue_key(device=None, expires_at=soon).key) == 5
        late = issue_key(device=None, expires_at=timezone.now() + timedelta(days=900)).key
        assert days_left(late) == 90
        assert days_left(rotate_key(key=late).key) == 90


@pytest.mark.django_db(transaction=True)
def test_owners_are_told_once_of_keys_that_end(northside: Clinic, southside: Clinic, settings: Any) -> None:
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        change_organization(changes={"device_key_max_age_days": 15})
        ending = issue_key(device=northside.devices[1], name="Bedside").key
        replaced = issue_key(device=northside.devices[1]).key
        issue_key(device=None)
        DeviceKey.objects.filter(pk__in=[ending.pk, replaced.pk]).update(
            expires_at=timezone.now() + timedelta(days=13, hours=23)
        )
        DeviceKey.objects.filter(pk=replaced.pk).update(revoked_at=timezone.now())
        rotate_key(key=issue_key(device=None).key)
        assert [key.pk for key in ending_keys(timezone.now())] == [ending.pk]
    mail.outbox.clear()
    tell_of_keys()
    tell_of_keys()
    assert sorted(to for message in mail.outbox for to in message.to) == [
        "admin@northside.example",
        "owner@northside.example",
    ]
    text = mail.outbox[0].body
    assert ending.prefix in text
    assert ("Bedside" in text, "ARGUS_002468" in text, replaced.prefix in text) == (True, True, False)
    assert "southside" not in text.lower()
