from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from patients.services import archive_patient, change_patient, create_patient
from readings.models import RangeFlag
from readings.rows import ReadingRow
from readings.services import store_readings
from tenancy.models import Organization

PATIENTS = "/admin/patients/patient/"


def page(client, **choices):
    response = client.get(PATIENTS, choices)
    assert response.status_code == 200
    return response


def names(client, **choices):
    return [row.patient.code for row in page(client, **choices).context["rows"]]


def add_patients(clinic, count):
    with clinic.scope(), transaction.atomic():
        return [
            create_patient(code=f"more_{number:03}", first_name="More", last_name=f"Zz{number:03}")
            for number in range(count)
        ]


def store_flag(clinic, flag, device=0):
    code = 39 if flag == RangeFlag.LOW else 401
    with clinic.scope():
        store_readings(rows=[ReadingRow(clinic.devices[device].pk, datetime.now(UTC), code, range_flag=flag)])


def test_a_row_tells_value_unit_trend_age_and_device(northside):
    northside.store(100, 110, 120, 130, until=datetime.now(UTC) - timedelta(minutes=4))
    html = page(northside.admin("viewer")).content.decode()
    for expected in ("130", "mg/dL", "↗", "4 min ago", "ARGUS_001234", "user_5678", "<svg", "No readings in 24 h"):
        assert expected in html


def test_the_other_clinic_never_shows(northside, southside):
    southside.store(111)
    html = page(northside.admin("owner"), q="Last").content.decode()
    assert "CANARY-NORTH" in html
    assert "CANARY-SOUTH" not in html


def test_the_unit_is_the_clinics(northside):
    northside.store(180)
    with northside.scope():
        Organization.objects.filter(pk=northside.organization.pk).update(glucose_unit="mmol/L")
    html = page(northside.admin("viewer")).content.decode()
    assert ">10.0<" in html
    assert "mmol/L" in html
    assert ">180<" not in html


@pytest.mark.parametrize(("flag", "word", "code"), [(RangeFlag.LOW, "Low", "39"), (RangeFlag.HIGH, "High", "401")])
def test_beyond_the_sensor_a_word_stands_for_the_value(northside, flag, word, code):
    store_flag(northside, flag)
    html = page(northside.admin("viewer")).content.decode()
    assert f">{word}<" in html
    assert f">{code}<" not in html


def test_an_old_value_is_told_as_old_and_has_no_arrow(northside):
    northside.store(100, 110, 120, 130, until=datetime.now(UTC) - timedelta(hours=3, minutes=7))
    row = page(northside.admin("viewer")).context["rows"][0]
    assert row.last.stale
    assert row.last.age == "3 h 07 min ago"
    assert row.last.arrow == ""


@pytest.mark.promise(51)
def test_names_are_escaped(northside):
    with northside.scope():
        change_patient(patient=northside.patients[0], changes={"last_name": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in page(northside.admin("viewer")).content.decode()


@pytest.mark.parametrize(
    ("search", "found"),
    [("5678", ["user_5678"]), ("USER_9012", ["user_9012"]), ("first last", ["user_5678", "user_9012"]), ("%", []),
     ("nobody", []), ("\x00", ["user_5678", "user_9012"])],
)  # fmt: skip
def test_search_by_name_and_code(northside, search, found):
    assert names(northside.admin("viewer"), q=search) == found


def test_filters_by_state_and_staleness(northside):
    northside.store(60, until=datetime.now(UTC) - timedelta(minutes=1))
    northside.store(200, device=1, until=datetime.now(UTC) - timedelta(hours=2))
    client = northside.admin("viewer")
    assert names(client, show="low") == ["user_5678"]
    assert names(client, show="high") == ["user_9012"]
    assert names(client, show="in-range") == []
    assert names(client, show="stale") == ["user_9012"]


def test_low_and_high_count_as_below_and_above(northside):
    store_flag(northside, RangeFlag.LOW)
    store_flag(northside, RangeFlag.HIGH, device=1)
    client = northside.admin("viewer")
    assert names(client, show="low") == ["user_5678"]
    assert names(client, show="high") == ["user_9012"]
    assert names(client, sort="value") == ["user_5678", "user_9012"]
    assert names(client, sort="-value") == ["user_9012", "user_5678"]


def test_sorts_with_patients_without_readings_last(northside):
    northside.store(60, device=1, until=datetime.now(UTC) - timedelta(hours=2))
    client = northside.admin("viewer")
    for sort in ("value", "-value", "age", "-age"):
        assert names(client, sort=sort) == ["user_9012", "user_5678"]
    assert names(client, sort="name") == ["user_5678", "user_9012"]
    northside.store(90)
    assert names(client, sort="age") == ["user_5678", "user_9012"]
    assert names(client, sort="-age") == ["user_9012", "user_5678"]


def test_pages(northside):
    add_patients(northside, 30)
    client = northside.admin("viewer")
    assert len(names(client)) == 25
    assert len(names(client, page="2")) == 7
    assert len(names(client, size="50")) == 32
    assert names(client, page="99") == names(client, page="2")
    assert names(client, page="x") == names(client, size="7", sort="nonsense", show="nonsense")


def test_statements_do_not_grow_with_the_patients(northside):
    northside.store(100, 110)
    client = northside.admin("viewer")
    page(client)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(client, size="100")
    add_patients(northside, 60)
    with CaptureQueriesContext(connection) as many:
        assert len(page(client, size="100").context["rows"]) == 62
    assert len(many) == len(few)
    assert len([query for query in many if query["sql"].startswith("SELECT")]) <= 12


def test_archived_patients_leave_the_list(northside):
    with northside.scope():
        archive_patient(patient=northside.patients[0])
    assert names(northside.admin("viewer")) == ["user_9012"]


def test_an_empty_clinic_says_so(northside):
    with northside.scope():
        for patient in northside.patients:
            archive_patient(patient=patient)
    assert "no patients yet" in page(northside.admin("owner")).content.decode()
    assert "No patient matches" in page(northside.admin("owner"), q="x").content.decode()
