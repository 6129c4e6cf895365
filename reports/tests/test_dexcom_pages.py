"""Dexcom in the workplace: the panel of a patient's page, and the page of all connections."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Entry
from dexcom_sync.applications import limiter_of
from dexcom_sync.models import Connection, ConnectRequest, Progress
from dexcom_sync.tests.connections import APPLICATIONS, again, make_connection
from patients.services import create_patient
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

FLEET = "/admin/dexcom/"
SANDBOX = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def an_application() -> Iterator[None]:
    with override_settings(
        DEXCOM_APPLICATIONS=APPLICATIONS, DEXCOM_SANDBOX_URL=SANDBOX, DEXCOM_REDIRECT_URI="https://testserver/back"
    ):
        yield


def page(clinic: Clinic, number: int = 0) -> str:
    return f"/admin/patients/patient/{clinic.patients[number].pk}/"


def html(clinic: Clinic, path: str, by: str = "nurse") -> str:
    return clinic.admin(by).get(path).content.decode()


def act(clinic: Clinic, action: str, *, by: str = "nurse", follow: bool = True, **form: Any) -> Any:
    return clinic.admin(by).post(f"{page(clinic)}dexcom/", {"action": action, **form}, follow=follow)


def test_connecting_begins_a_consent_of_this_browser(northside: Clinic) -> None:
    shown = northside.admin("nurse").get(page(northside))
    assert "Connect with Dexcom" in shown.content.decode()
    assert f"form-action 'self' {SANDBOX}" in shown.headers["Content-Security-Policy"]

    answer = act(northside, "connect", follow=False, region="sandbox")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{SANDBOX}/v3/oauth2/login?")
    with northside.scope(), transaction.atomic():
        request = ConnectRequest.objects.get()
        assert bytes(request.session_digest)
        assert request.member_id == northside.people["nurse"].pk


def test_a_region_is_asked_for_where_there_are_several(northside: Clinic) -> None:
    assert "Region of the account" not in html(northside, page(northside))
    with override_settings(DEXCOM_APPLICATIONS={"us": ("a", "b"), "eu": ("c", "d")}):
        assert "Region of the account" in html(northside, page(northside))
        assert "Choose the region" in act(northside, "connect", region="jp").content.decode()
    with override_settings(DEXCOM_APPLICATIONS={}):
        assert 'id="dexcom"' not in html(northside, page(northside))


def test_a_connection_is_paused_resumed_and_ended(northside: Clinic) -> None:
    connection = make_connection(northside, data_through=timezone.now() - timedelta(hours=4))
    shown = html(northside, page(northside))
    assert "4 h 00 min ago" in shown
    assert "never a source of alarms" in shown

    assert "The connection is paused." in act(northside, "pause").content.decode()
    assert "The connection is not paused." not in act(northside, "resume").content.decode()
    assert "Dexcom is being read" in act(northside, "sync").content.decode()
    with override_settings(DEXCOM_APPLICATIONS={"sandbox": (uuid.uuid4().hex, "secret")}):
        limiter_of("sandbox").stop("invalid_client")
        assert "Ask your operator." in act(northside, "sync").content.decode()
    assert "Tick that the tokens" in act(northside, "disconnect").content.decode()
    assert again(northside, connection).status == Connection.Status.ACTIVE
    assert "remove the app" in act(northside, "disconnect", sure="yes").content.decode()
    assert again(northside, connection).status == Connection.Status.REVOKED
    assert "Connect with Dexcom" in html(northside, page(northside))
    assert act(northside, "pause").status_code == 404


def test_a_stopped_connection_goes_on_with_a_reason_in_the_ledger(northside: Clinic) -> None:
    connection = make_connection(
        northside, status="quarantined", last_error="wrong_person", last_error_at=timezone.now(), dexcom_user_id="x"
    )
    assert "another account than the one that was connected" in html(northside, page(northside), "owner")
    assert "how you made sure" in act(northside, "accept", by="owner", reason="yes").content.decode()
    reason = "compared with the phone of the patient"
    act(northside, "accept", by="owner", reason=reason)
    after = again(northside, connection)
    assert (after.status, after.dexcom_user_id) == (Connection.Status.ACTIVE, "")
    with northside.scope(), transaction.atomic():
        assert Entry.objects.filter(object_type="dexcom_sync.connection", reason=reason).exists()


@pytest.mark.parametrize("action", ["connect", "sync", "pause", "disconnect", "accept", "unknown"])
def test_who_only_looks_changes_nothing(northside: Clinic, action: str) -> None:
    make_connection(northside, status="quarantined" if action == "accept" else "active")
    assert 'name="action" value="pause"' not in html(northside, page(northside), "viewer")
    assert act(northside, action, by="viewer", region="sandbox", sure="yes").status_code == 403


def test_the_part_tells_how_far_the_past_is_read(northside: Clinic, southside: Clinic) -> None:
    connection = make_connection(northside, is_backfilling=True)
    now = timezone.now()
    with northside.scope(), transaction.atomic():
        Progress.objects.create(
            connection=connection, patient_id=connection.patient_id, resource="egvs", synced_through=now,
            backfilled_to=now - timedelta(days=30), backfill_floor=now - timedelta(days=120),
        )  # fmt: skip
    part = html(northside, f"{page(northside)}dexcom/part/")
    assert 'value="25"' in part
    assert "Read back to" in part
    assert "<html" not in part
    assert southside.admin("nurse").get(f"{page(northside)}dexcom/part/").status_code == 404


def test_the_fleet_is_counted_and_filtered(northside: Clinic, southside: Clinic) -> None:
    assert "Nobody is connected to Dexcom yet" in html(northside, FLEET)
    old = timezone.now() - timedelta(days=2)
    make_connection(northside, data_through=old, last_error="unreachable", last_error_at=old, authorized_at=old)
    make_connection(northside, patient=1, data_through=timezone.now() - timedelta(hours=3))
    make_connection(southside)
    first, second = (patient.code for patient in northside.patients)
    for query, shown in [
        ("", {first, second}), ("?stale=1", {first}), ("?error=1", {first}), ("?state=paused", set()),
        ("?page=99&state=x", {first, second}),
    ]:  # fmt: skip
        text = html(northside, FLEET + query)
        assert {code for code in (first, second) if f">{code}<" in text} == shown, query
    assert "No connection matches" in html(northside, f"{FLEET}?state=paused")


def test_many_connections_cost_no_more_queries(northside: Clinic) -> None:
    client = northside.admin("owner")
    make_connection(northside)
    client.get(FLEET)
    with CaptureQueriesContext(database) as few:
        client.get(FLEET)
    with northside.scope(), transaction.atomic():
        for number in range(60):
            patient = create_patient(code=f"many_{number}", first_name="A", last_name="B")
            Connection.objects.create(patient=patient, region="sandbox", status="active")
    client.get(FLEET)
    with CaptureQueriesContext(database) as many:
        shown = client.get(FLEET).content.decode()
    assert len(many) == len(few)
    assert "Page 1 of 2" in shown
