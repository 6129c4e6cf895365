"""A patient's pages below the head: who may open them, and that they say what the answers over REST say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from readings.models import RangeFlag
from readings.rows import ReadingRow
from readings.services import store_readings
from tenancy.managers import audited_elsewhere
from tenancy.models import Organization
from tests.clinics import Clinic

PAGES = ("profile", "days", "statistics", "alarms", "devices")
VALUES = [50, 60, *[100, 120, 150, 170] * 5, 200, 300]


def address(clinic: Clinic, page: str) -> str:
    return f"/admin/patients/patient/{clinic.patients[0].pk}/{page}/"


def show(clinic: Clinic, page: str, role: str = "viewer", **choices: str):
    response = clinic.admin(role).get(address(clinic, page), choices)
    assert response.status_code == 200
    return response


def fill(clinic: Clinic, days: int = 20) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for ago in range(days):
        clinic.store(*VALUES * 4, until=noon - timedelta(days=ago), every_minutes=14)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_in_the_tabs_and_says_where_nothing_is(northside, southside, page):
    html = ""
    for role in ("viewer", "nurse", "owner"):
        html = show(northside, page, role).content.decode()
        assert html.count('aria-current="page"') >= 1
        for other in PAGES:
            assert f'href="{address(northside, other)}"' in html
        assert (f'href="{address(northside, "medical-history")}"' in html) == (role != "viewer")
        assert (f'href="{address(northside, "import")}"' in html) == (role != "viewer")
    said = {"profile": "there are no readings", "days": "No readings on this day", "statistics": "no readings in this"}
    assert said.get(page, "") in html
    assert "CANARY-SOUTH" not in html
    assert northside.admin("owner").get(address(southside, page)).status_code == 404
    assert northside.admin("owner").post(address(northside, page)).status_code == 405


def test_the_profile_and_the_statistics_say_what_rest_says(northside):
    fill(northside)
    api = northside.api("viewer")
    told = api.get("/api/v1/users/user_5678/analytics/summary?period=14d").json()
    profile = show(northside, "profile", days="14")
    rows = {row.label: row for row in profile.context["compared"]}

    assert rows["In range"].now == f"{told['timeInRanges']['inRange']['percent']:.1f}%"
    assert rows["Average glucose"].now == f"{told['mean']:.0f} mg/dL"
    compared = api.get("/api/v1/users/user_5678/analytics/compare?period=14d").json()
    assert rows["In range"].before == f"{compared['against']['timeInRanges']['inRange']['percent']:.1f}%"
    assert profile.context["is_sound"] == compared["isSound"]

    statistics = show(northside, "statistics", days="14")
    lines = {line.label: line.value for _, group in statistics.context["groups"] for line in group}
    assert lines["Readings"] == f"{told['readings']:,}"
    assert lines["MAGE"] == f"{told['mage']['average']:.0f} mg/dL"
    assert lines["Very low"] == str(told["episodes"]["hypoLevel2"]["count"])
    assert lines["LBGI"] == f"{told['risk']['lbgi']:g}"
    assert [hour.count for hour in statistics.context["hours"]].count(0) < 24


def test_a_clinic_in_mmol_reads_mmol(northside):
    with northside.scope(), transaction.atomic():
        Organization.objects.filter(pk=northside.organization.pk).update(glucose_unit="mmol/L")
    fill(northside, days=16)
    html = show(northside, "profile").content.decode() + show(northside, "statistics").content.decode()
    days = show(northside, "days")
    assert "3.9–10.0 mmol/L" in html  # noqa: RUF001 - as the report writes it
    assert "mg/dL." not in html
    facts = dict(days.context["facts"])
    assert facts["Highest"] == "16.6"
    assert facts["Average"].endswith("mmol/L")


def test_a_day_has_the_hours_that_the_patients_clock_had(northside):
    """The night on which Berlin's clocks are set back: the readings of 25 hours."""
    with northside.scope(), audited_elsewhere("the test makes it by hand"):
        Patient.objects.filter(pk=northside.patients[0].pk).update(timezone="Europe/Berlin")
    northside.store(*[120] * 100, until=datetime(2025, 10, 26, 22, 55, tzinfo=UTC), every_minutes=15)
    page = show(northside, "days", day="2025-10-26")
    assert "This day has 25 hours" in page.content.decode()
    assert dict(page.context["facts"])["Readings"] == "100"
    assert page.context["day_before"] == date(2025, 10, 25)
    assert "This day has" not in show(northside, "days", day="2025-10-25").content.decode()


def test_two_weeks_stay_where_they_are_from_day_to_day(northside):
    northside.store(*VALUES)
    newest = show(northside, "days").context["window"].last
    for ago, weeks in ((0, 0), (13, 0), (14, 14), (30, 28)):
        page = show(northside, "days", day=str(newest - timedelta(days=ago)))
        assert page.context["window"].last == newest - timedelta(days=weeks)
        assert sum(box.is_shown for box in page.context["boxes"]) == 1
    for nonsense in ("", "x", "2999-01-01", "0001-01-01", "20261", "2026-02-30"):
        assert show(northside, "days", day=nonsense).context["day"] == newest


def test_low_and_high_are_words_on_a_day(northside):
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    rows = [
        ReadingRow(northside.devices[0].pk, noon, 39, range_flag=RangeFlag.LOW),
        ReadingRow(northside.devices[0].pk, noon + timedelta(minutes=5), 401, range_flag=RangeFlag.HIGH),
    ]
    with northside.scope():
        store_readings(rows=rows)
    facts = dict(show(northside, "days", day="2026-03-03").context["facts"])
    assert (facts["Lowest"], facts["Highest"]) == ("Low", "High")


def test_statements_do_not_grow_with_the_readings(northside):
    client = northside.admin("viewer")
    northside.store(100, until=datetime.now(UTC) - timedelta(days=5))

    def count(page: str) -> int:
        client.get(address(northside, page))
        with CaptureQueriesContext(connection) as queries:
            client.get(address(northside, page), {"days": "30"})
        return len(queries)

    few = [count(page) for page in PAGES]
    fill(northside, days=4)
    assert [count(page) for page in PAGES] == few
