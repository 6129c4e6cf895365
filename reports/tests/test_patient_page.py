from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from readings.models import RangeFlag
from readings.rows import ReadingRow
from readings.services import store_readings
from reports.charts.ranges import Range
from tenancy.managers import audited_elsewhere

PATIENTS = "/admin/patients/patient/"
FORM = {
    "code": "user_7777", "first_name": "Nora", "last_name": "New", "gender": "female", "timezone": "Europe/Berlin",
    "target_low": "70", "target_high": "180", "glucose_goals": "adult",
}  # fmt: skip


def address(clinic, suffix="", patient=0):
    return f"{PATIENTS}{clinic.patients[patient].pk}/{suffix}"


def show(clinic, role="viewer", **choices):
    response = clinic.admin(role).get(address(clinic), choices)
    assert response.status_code == 200
    return response


def stored(clinic, code):
    with clinic.scope():
        return Patient.objects.filter(code=code).first()


@pytest.mark.parametrize("period", ["24h", "14d", "90d", "nonsense"])
def test_every_period_has_a_picture_a_table_and_the_same_counts(northside, period):
    northside.store(50, 60, 100, 110, 200, 300)
    response = show(northside, period=period)
    counts = response.context["picture"].counts
    assert counts == dict(zip(Range, (1, 1, 2, 1, 1), strict=True))
    html = response.content.decode()
    # Of the readings, of the ranges and of the alarms, each for wide and for narrow screens.
    assert html.count("<svg") == 6
    assert "6 readings: 17% very low" in html
    assert "The picture as a table" in html


@pytest.mark.parametrize("period", ["24h", "14d", "90d"])
def test_without_readings_the_page_says_so(northside, period):
    html = show(northside, period=period).content.decode()
    assert "No readings in the last" in html
    assert '<svg id="glucose' not in html
    assert '<svg id="ranges' not in html


def test_long_periods_send_few_shapes_whatever_the_readings(northside):
    now = datetime.now(UTC)
    for day in range(0, 85, 5):
        northside.store(*([120] * 288), until=now - timedelta(days=day))
    html = show(northside, period="90d").content.decode()
    assert html.count("chart-median") <= 2 * 90
    assert len(html) < 200_000


def test_low_and_high_are_words_everywhere(northside):
    now = datetime.now(UTC)
    rows = [
        ReadingRow(northside.devices[0].pk, now - timedelta(minutes=9), 39, range_flag=RangeFlag.LOW),
        ReadingRow(northside.devices[0].pk, now - timedelta(minutes=4), 401, range_flag=RangeFlag.HIGH),
    ]
    with northside.scope():
        store_readings(rows=rows)
    for period in ("24h", "14d", "90d"):
        html = show(northside, period=period).content.decode()
        assert ">Low<" in html
        assert ">High<" in html
        for code in (">39<", ">401<", ">0<", ">1000<"):
            assert code not in html.replace("<td>0</td>", "")


def test_days_are_those_of_the_patient(northside):
    with northside.scope(), audited_elsewhere("the test makes it by hand"):
        Patient.objects.filter(pk=northside.patients[0].pk).update(timezone="Pacific/Kiritimati")
    northside.store(120)
    html = show(northside, period="14d").content.decode()
    assert "Times are those of Pacific/Kiritimati" in html
    first_row = show(northside, period="90d").context["picture"].rows[0]
    assert first_row.when == f"{datetime.now(UTC) + timedelta(hours=14):%a %d %b}"


def test_the_page_of_another_clinic_is_as_unknown_as_none(northside, southside):
    client = northside.admin("owner")
    foreign, missing = client.get(address(southside)), client.get(f"{PATIENTS}{2**62}/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert client.get(address(southside, "change/")).status_code == 404
    assert client.post(address(southside, "archive/")).status_code == 302
    assert stored(southside, "user_5678").archived_at is None


@pytest.mark.parametrize("made_up", ["x", "1/2", str(10**30), "%00", "-1", "9" * 5000])
def test_made_up_addresses_are_not_found(northside, made_up):
    assert northside.admin("owner").get(f"{PATIENTS}{made_up}/").status_code == 404


def test_statements_do_not_grow_with_the_readings(northside):
    northside.store(100)
    client = northside.admin("viewer")
    client.get(address(northside))
    with CaptureQueriesContext(connection) as few:
        client.get(address(northside))
    northside.store(*range(80, 200), until=datetime.now(UTC) - timedelta(minutes=5))
    with CaptureQueriesContext(connection) as many:
        client.get(address(northside))
    assert len(many) == len(few)


def test_adding_a_patient(northside):
    response = northside.admin("nurse").post(f"{PATIENTS}add/", FORM)
    patient = stored(northside, "user_7777")
    assert response.headers["Location"] == f"{PATIENTS}{patient.pk}/"
    assert patient.last_name == "New"


def test_a_code_that_the_clinic_has_given_is_refused_and_another_clinics_is_free(northside, southside):
    client = northside.admin("nurse")
    response = client.post(f"{PATIENTS}add/", FORM | {"code": "user_5678"})
    assert response.status_code == 200
    assert response.context["adminform"].errors
    with southside.scope(), audited_elsewhere("the test makes it by hand"):
        Patient.objects.filter(code="user_9012").update(code="only_south")
    assert client.post(f"{PATIENTS}add/", FORM | {"code": "only_south"}).status_code == 302


def test_changing_a_patient(northside):
    client = northside.admin("nurse")
    response = client.post(address(northside, "change/"), FORM | {"code": "user_5678", "room": "12"})
    assert response.headers["Location"] == address(northside)
    assert stored(northside, "user_5678").room == "12"
    assert "Saved." in client.get(address(northside)).content.decode()
    assert "New" not in str(client.cookies)


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Olympus"}, {"target_low": "190"}, {"birth_date": "2999-01-01"}])
def test_wrong_values_are_told_and_not_stored(northside, wrong):
    response = northside.admin("nurse").post(address(northside, "change/"), FORM | {"code": "user_5678"} | wrong)
    assert response.status_code == 200
    assert response.context["errors"]
    assert stored(northside, "user_5678").last_name != "New"


def test_a_viewer_changes_nothing(northside):
    client = northside.admin("viewer")
    before = stored(northside, "user_5678").updated_at
    assert client.post(address(northside, "change/"), FORM).status_code == 403
    assert client.post(f"{PATIENTS}add/", FORM).status_code == 403
    assert client.post(address(northside, "archive/")).status_code == 403
    assert stored(northside, "user_5678").updated_at == before
    assert stored(northside, "user_7777") is None
    html = client.get(address(northside)).content.decode()
    assert ">Edit<" not in html
    assert "Archive" not in html


def test_archiving_is_for_managers_and_by_post(northside):
    assert northside.admin("nurse").post(address(northside, "archive/")).status_code == 403
    assert northside.admin("admin").get(address(northside, "archive/")).status_code == 405
    assert stored(northside, "user_5678").archived_at is None
    assert northside.admin("admin").post(address(northside, "archive/")).status_code == 302
    assert stored(northside, "user_5678").archived_at is not None
    assert northside.admin("admin").get(address(northside)).status_code == 404
