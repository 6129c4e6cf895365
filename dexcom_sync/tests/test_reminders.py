"""Who answers for the clinic is told once for each event, and of the patient's code alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from dexcom_sync.models import Connection
from dexcom_sync.reminders import remind
from dexcom_sync.tests.connections import again, make_connection
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)

LOST: dict[str, Any] = {"status": "reauth_required", "last_error": "invalid_grant"}


def reminded(clinic: Clinic) -> int:
    with clinic.scope():
        return remind()


def change(clinic: Clinic, connection: Connection, **values: Any) -> None:
    with clinic.scope(), transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(**values)


def test_a_lost_consent_is_told_once_and_the_next_loss_again(
    northside: Clinic, southside: Clinic, mailoutbox: list[EmailMessage]
) -> None:
    connection = make_connection(northside, **LOST, last_error_at=timezone.now())
    make_connection(southside)

    assert [reminded(northside), reminded(northside), reminded(southside)] == [1, 0, 0]
    assert {mail.to[0] for mail in mailoutbox} == {"owner@northside.example", "admin@northside.example"}
    body = mailoutbox[0].body
    assert "user_5678" in body
    assert f"/admin/patients/patient/{northside.patients[0].pk}/#dexcom" in body
    for private in (northside.patients[0].first_name, northside.patients[0].last_name):
        assert private not in body

    change(northside, connection, last_error_at=timezone.now() + timedelta(seconds=1))
    assert reminded(northside) == 1


@pytest.mark.parametrize(("days", "told"), [(329, 0), (331, 1)])
def test_a_consent_that_ends_soon_is_told_once(
    northside: Clinic, mailoutbox: list[EmailMessage], days: int, told: int
) -> None:
    make_connection(northside, status="paused", authorized_at=timezone.now() - timedelta(days=days))

    assert [reminded(northside), reminded(northside)] == [told, 0]
    assert len(mailoutbox) == 2 * told
    assert all("ends soon" in mail.subject for mail in mailoutbox)


def test_without_a_mail_server_it_is_tried_again(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection(northside, **LOST, last_error_at=timezone.now())
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", _refuse)
        assert reminded(northside) == 0
    assert again(northside, connection).reminded_at is None
    assert reminded(northside) == 1


def _refuse(mail: EmailMessage) -> None:
    raise ConnectionRefusedError
