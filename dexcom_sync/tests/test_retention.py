"""Raw pages and requests of consents go after their time, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from dexcom_sync import retention
from dexcom_sync.models import Connection, ConnectRequest, RawPage
from dexcom_sync.tests.connections import make_connection
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)


def page(connection: Connection, *, days: int) -> None:
    RawPage.objects.create(
        connection=connection,
        patient_id=connection.patient_id,
        resource="egvs",
        fetched_at=timezone.now() - timedelta(days=days),
        records=0,
        digest=b"d" * 32,
        body="b",
    )


def test_old_pages_go_in_pieces_and_young_ones_stay(
    northside: Clinic, southside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    for clinic in (northside, southside):
        connection = make_connection(clinic)
        with clinic.scope(), transaction.atomic():
            for days in (89, 91, 92, 93, 94, 95):
                page(connection, days=days)

    with northside.scope():
        assert retention.remove_expired() == 5
        with transaction.atomic():
            assert RawPage.objects.count() == 1
    with southside.scope(), transaction.atomic():
        assert RawPage.objects.count() == 6


def test_requests_go_a_day_after_their_end(northside: Clinic) -> None:
    now = timezone.now()
    with northside.scope():
        with transaction.atomic():
            for number, hours in enumerate((-1, 23, 25)):
                ConnectRequest.objects.create(
                    patient=northside.patients[0],
                    member=northside.people["nurse"],
                    region="sandbox",
                    state_digest=bytes([number]) * 32,
                    created_at=now,
                    expires_at=now - timedelta(hours=hours),
                )
        retention.remove_expired()
        with transaction.atomic():
            assert ConnectRequest.objects.count() == 2
