from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Episode
from devices.models import Device
from patients.models import Patient
from patients.services import archive_patient
from reports.tests.worklist.test_loading import store_days
from tenancy.managers import audited_elsewhere
from tests.clinic_alarms import add_episode

URL = "/admin/"
# Of the page's own, beside those that every page of the workplace has.
MOST_STATEMENTS = 24


@pytest.fixture(autouse=True)
def nothing_kept():
    """Clinics of tests may have the same number, and what is kept is five minutes old at most."""
    caches["results"].clear()


def show(clinic, role="viewer"):
    response = clinic.admin(role).get(URL)
    assert response.status_code == 200
    return response


def test_the_clinic_in_figures_without_the_other_clinic(northside, southside):
    store_days(northside, values=[60] * 50 + [120] * 150, days=14, hour=0)
    store_days(southside, values=[300] * 200, days=14, hour=0)
    northside.store(100)
    now = timezone.now()
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Episode.objects.all().update(state=Episode.State.DISMISSED, confirmed_at=None)
        Device.objects.filter(pk=northside.devices[0].pk).update(last_seen_at=now - timedelta(minutes=1))
        Device.objects.filter(pk=northside.devices[1].pk).update(last_seen_at=now - timedelta(hours=3))
    with northside.scope(), transaction.atomic():
        add_episode(northside.patients[0], rule_code="urgent_low", severity="critical")

    response = show(northside)

    assert (response.context["patients"].total, response.context["patients"].sending) == (2, 1)
    assert (response.context["devices"]["online"], response.context["devices"]["total"]) == (1, 2)
    assert response.context["in_range"]["value"] == 75.0
    assert response.context["readings"]["value"] == 200
    assert (response.context["alarms"].total, response.context["alarms"].waiting) == (1, 1)
    assert {name: count for name, _, _, count in response.context["alarms"].severities if count} == {"critical": 1}
    assert response.context["rows"][0].patient.pk == northside.patients[0].pk
    html = response.content.decode()
    assert "?severity=critical" in html
    assert "CANARY-SOUTH" not in html


def test_figures_are_those_that_rest_answers(northside):
    store_days(northside, values=[60] * 30 + [120] * 150, days=14, hour=0)
    told = northside.api("viewer").get("/api/v1/analytics/summary").json()
    context = show(northside).context
    assert context["in_range"]["value"] == told["timeInRange"]
    assert context["patients"].total == told["patients"]
    assert {"total": context["devices"]["total"], "online": context["devices"]["online"]} == told["devices"]
    listed = northside.api("viewer").get("/api/v1/analytics/worklist").json()["items"]
    assert [row.patient.code for row in context["rows"]] == [item["patient"] for item in listed][:10]


def test_each_role_sees_what_it_may_open(northside):
    assert "working" not in show(northside, "nurse").context
    assert "working" in show(northside, "clinician").context
    patient = northside.admin("patient").get(URL)
    assert patient.status_code == 302


def test_a_clinic_without_anybody_says_what_comes_first(northside):
    with northside.scope(), transaction.atomic():
        for patient in northside.patients:
            archive_patient(patient=Patient.objects.get(pk=patient.pk))
    html = show(northside, "owner").content.decode()
    for said in ("Nobody is admitted yet.", "Add the first patient", "No readings in the last 14 days."):
        assert said in html
    assert "Add the first patient" not in show(northside, "viewer").content.decode()


def test_statements_are_few_and_do_not_grow(northside):
    def count():
        caches["results"].clear()
        client = northside.admin("viewer")
        client.get(URL)
        caches["results"].clear()
        with CaptureQueriesContext(connection) as page:
            client.get(URL)
        with CaptureQueriesContext(connection) as plain:
            client.get("/admin/security/")
        return len(page), len(plain)

    few, plain = count()
    store_days(northside, values=[50] * 30 + [120] * 150, days=3, hour=0)
    store_days(northside, values=[50] * 30 + [120] * 150, days=3, hour=0, device=1)
    assert count()[0] <= few + 1
    assert few - plain <= MOST_STATEMENTS
