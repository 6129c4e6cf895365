from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pypdf
import pytest

from audit.models import Entry
from patients.models import Patient
from patients.services import change_patient
from reports.tests.glucose_report.made import squeezed

PATIENTS = "/admin/patients/patient/"


def address(clinic, suffix="report/", patient=0):
    return f"{PATIENTS}{clinic.patients[patient].pk}/{suffix}"


def of_user(clinic, patient=0):
    return f"/api/v1/users/{clinic.patients[patient].code}/analytics/agp"


@pytest.fixture
def two_days(northside):
    northside.store(
        *([50] * 12 + [60] * 48 + [120] * 408 + [200] * 132), until=datetime.now(UTC) - timedelta(minutes=3)
    )
    return northside


def words_of(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def entries(clinic, kind):
    with clinic.scope():
        return list(Entry.objects.filter(object_type=kind).values_list("action", "patient_id"))


def test_the_page_shows_the_report_and_offers_it_as_a_file(two_days, southside):
    response = two_days.admin("clinician").get(address(two_days))
    html = response.content.decode()
    assert response.context["content"].ranges.parts[-1].percent == "2%"
    for words in (
        "Ambulatory glucose profile — CGM report",
        "user_5678",
        ">22%<",
        "report/pdf/?days=14",
        "needs 7 days",
    ):
        assert words in html
    assert "CANARY-SOUTH" not in html
    assert "style=" not in html.split('<article class="report"')[1].split("</article>")[0]
    assert entries(two_days, "reports.report") == [("read", two_days.patients[0].pk)]


def test_choices_are_kept_and_nonsense_is_the_usual(two_days):
    client = two_days.admin("clinician")
    page = client.get(address(two_days), {"days": "30", "unit": "mmol/L", "language": "de", "paper": "letter"})
    assert "Zeit in den Bereichen" in page.content.decode()
    assert "days=30&amp;language=de&amp;paper=letter&amp;unit=mmol%2FL" in page.content.decode()
    usual = client.get(address(two_days), {"days": "31", "unit": "stone", "language": "\x00", "paper": "a0"})
    assert usual.context["content"].language == "en"
    assert "days=14&amp;language=en&amp;paper=a4&amp;unit=mg%2FdL" in usual.content.decode()


def test_the_file_says_what_the_page_says_and_is_recorded_as_an_export(two_days):
    client = two_days.admin("clinician")
    page = client.get(address(two_days)).context["content"]
    client.get(address(two_days, "report/pdf/"), {"language": "de"})
    answer = client.get(address(two_days, "report/pdf/"), {"language": "de"})
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="glucose-report-user_5678-14d-')
    assert answer.headers["Cache-Control"].count("no-store") == 1
    text = words_of(answer.content)
    assert f"{page.metrics.metrics[0].value} mg/dL" in text
    assert "68%Zielbereich" in squeezed(text)
    assert entries(two_days, "reports.report_file") == [("export", two_days.patients[0].pk)] * 2


@pytest.mark.parametrize(("role", "page", "file"), [
    ("owner", 200, 200), ("clinician", 200, 200), ("nurse", 200, 403), ("viewer", 200, 403), ("patient", 302, 302),
])  # fmt: skip
def test_who_may_look_and_who_may_take_away(northside, role, page, file):
    client = northside.admin(role)
    assert client.get(address(northside)).status_code == page
    assert client.get(address(northside, "report/pdf/")).status_code == file
    assert ("report/pdf/" in client.get(address(northside)).content.decode()) == (file == 200)


def test_another_clinics_patient_is_not_there(northside, southside):
    client = northside.admin("owner")
    for suffix in ("report/", "report/pdf/"):
        assert client.get(f"{PATIENTS}{southside.patients[0].pk}/{suffix}").status_code == 404


def test_goals_of_the_patient_and_a_patient_without_readings(northside):
    with northside.scope():
        patient = Patient.objects.get(pk=northside.patients[0].pk)
        change_patient(patient=patient, changes={"glucose_goals": "pregnancy"})
    content = northside.admin("viewer").get(address(northside)).context["content"]
    assert "pregnancy" in content.ranges.subtitle
    assert "no readings" in content.curve.missing
    assert content.footer[0] == "Readings from: not known"


def test_apps_get_the_picture_and_the_file(two_days):
    client = two_days.api("clinician")
    picture = client.get(of_user(two_days), {"language": "de", "unit": "mmol/L"}, headers={"Accept": "image/svg+xml"})
    assert picture.status_code == 200, picture.content
    assert picture.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert picture.content.startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')
    assert "3,9–10,0 mmol/L" in picture.content.decode()  # noqa: RUF001
    file = client.get(of_user(two_days), {"paper": "letter"}, headers={"Accept": "application/pdf"})
    assert file.content.startswith(b"%PDF")
    assert "68% In range" in words_of(file.content)
    assert entries(two_days, "reports.report_file") == [("export", two_days.patients[0].pk)]
    assert client.get(of_user(two_days), headers={"Accept": "application/json"}).json()["readings"] == 600
    assert client.get(of_user(two_days), {"paper": "a0"}, headers={"Accept": "application/pdf"}).status_code == 422


def test_a_patient_gets_the_own_report_and_a_nurse_no_file(two_days):
    own = two_days.api("patient").get(of_user(two_days), headers={"Accept": "application/pdf"})
    assert own.content.startswith(b"%PDF")
    other = two_days.api("patient").get(of_user(two_days, 1), headers={"Accept": "application/pdf"})
    assert other.status_code == 404
    refused = two_days.api("nurse").get(of_user(two_days), headers={"Accept": "application/pdf"})
    assert refused.status_code == 403
    assert refused.json() == {"detail": "Your role may look at reports, and may not take them away as files."}
    assert two_days.api("nurse").get(of_user(two_days), headers={"Accept": "image/svg+xml"}).status_code == 200
