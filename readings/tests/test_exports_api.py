"""GET /patients/{code}/export: who, what is recorded, and what happens while the file is being sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.db import transaction

from accounts import tokens
from accounts.models import Membership
from accounts.organizations import change_organization
from audit.actions import Action, Outcome
from audit.models import Entry
from patients.models import CareTeamMember
from readings.tests.exporting import csv_rows, fill, sheets
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
URL = "/api/v1/patients/user_5678/export"
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def exported(clinic: Clinic, role: str, **query: Any) -> bytes:
    answer = clinic.api(role).get(URL, query)
    assert answer.status_code == 200, answer.content
    return answer.getvalue()


def entries(clinic: Clinic) -> list[Entry]:
    with clinic.scope(), transaction.atomic():
        return list(Entry.objects.filter(object_type="readings.export").order_by("id"))


def test_each_format(northside: Clinic, southside: Clinic) -> None:
    northside.store(100, 101, until=BEGIN)
    southside.store(200, until=BEGIN)
    rows, end = csv_rows(exported(northside, "owner"))
    assert ([row["glucoseMgDl"] for row in rows], end) == (["100", "101"], "# complete, 2 rows")
    body = json.loads(exported(northside, "owner", format="json"))
    assert ([item["glucoseMgDl"] for item in body["items"]], body["complete"]) == ([100, 101], True)
    readings, complete = sheets(exported(northside, "owner", format="xlsx"))
    assert ([row[3] for row in readings[1:]], complete[0]) == ([100, 101], ["complete", True])


@pytest.mark.parametrize(
    ("ending", "kind"), [("csv", "text/csv; charset=utf-8"), ("json", "application/json"), ("xlsx", XLSX)]
)
def test_what_the_headers_say(northside: Clinic, ending: str, kind: str) -> None:
    answer = northside.api("owner").get(URL, {"format": ending})
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == "no-store"
    name = answer.headers["Content-Disposition"]
    assert name.startswith('attachment; filename="glucose-user_5678-')
    assert name.endswith(f'.{ending}"')
    assert answer.streaming


@pytest.mark.promise(8)
def test_who_may_export(northside: Clinic) -> None:
    northside.store(100, until=BEGIN)
    northside.store(250, device=1, until=BEGIN)
    for role in ("owner", "admin", "clinician", "patient"):
        rows, _ = csv_rows(exported(northside, role))
        assert [row["glucoseMgDl"] for row in rows] == ["100"]
    for role in ("nurse", "viewer"):
        assert northside.api(role).get(URL).status_code == 403


@pytest.mark.promise(12)
def test_another_patient_and_a_missing_one_are_the_same_404(northside: Clinic) -> None:
    for role, codes in (("patient", ("user_9012", "user_0")), ("owner", ("user_0", "%00"))):
        for code in codes:
            answer = northside.api(role).get(f"/api/v1/patients/{code}/export")
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


@pytest.mark.promise(56)
def test_every_export_has_an_entry_of_its_own(northside: Clinic) -> None:
    for _ in range(2):
        exported(northside, "clinician")
    found = entries(northside)
    assert [(entry.action, entry.actor_role, entry.patient_id) for entry in found] == [
        (Action.EXPORT, "clinician", northside.patients[0].id)
    ] * 2


@pytest.mark.promise(38)
@pytest.mark.parametrize(
    "query",
    ["format=pdf", "format=csv&format=json", "since=2026-01-01T00:00:00", "since=%00", "copies=yes", "untill=x",
     "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since=0001-01-01T00:00:00%2B14:00"],
)  # fmt: skip
def test_the_query_is_read_strictly(northside: Clinic, query: str) -> None:
    answer = northside.api("owner").get(f"{URL}?{query}")
    assert answer.status_code == 422, answer.content
    assert answer.json()["detail"][0]["loc"][0] == "query"
    assert entries(northside) == []


def end_the_sign_in(clinic: Clinic, family: Any) -> None:
    tokens.revoke_family(family_id=family, because="test")


def take_the_role(clinic: Clinic, family: Any) -> None:
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Membership.objects.filter(pk=clinic.people["clinician"].pk).update(role="viewer")


def end_the_membership(clinic: Clinic, family: Any) -> None:
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Membership.objects.filter(pk=clinic.people["clinician"].pk).update(is_active=False)


def leave_the_care_team(clinic: Clinic, family: Any) -> None:
    """No row is visible from then on, which must not read as a patient without more readings."""
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        change_organization(changes={"assigned_patients_only": True})
        CareTeamMember.objects.filter(patient=clinic.patients[0], member=clinic.people["clinician"]).delete()


@pytest.mark.promise(14)
@pytest.mark.parametrize("end", [end_the_sign_in, take_the_role, end_the_membership, leave_the_care_team])
def test_a_right_that_ends_meanwhile_ends_the_file(northside: Clinic, end: Callable[[Clinic, Any], None]) -> None:
    fill(northside, 4500, begin=BEGIN)
    issued = northside.tokens("clinician")
    answer: Any = northside.api("clinician").get(URL, HTTP_AUTHORIZATION=f"Bearer {issued.access}")
    parts: Iterator[bytes] = iter(answer.streaming_content)
    sent = [next(parts), next(parts)]
    end(northside, issued.family_id)
    sent += list(parts)
    rows, last = csv_rows(b"".join(sent))
    assert len(rows) == 1999
    assert not last.startswith("#")
    assert [(entry.action, entry.outcome, entry.actor_role) for entry in entries(northside)] == [
        (Action.EXPORT, Outcome.DONE, "clinician"),
        (Action.EXPORT, Outcome.DENIED, "clinician"),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_server_streams_it(northside: Clinic, live_url: str) -> None:
    fill(northside, 5000, begin=BEGIN)
    headers = {"Authorization": f"Bearer {northside.access_token('owner')}"}
    rows, end = csv_rows(httpx.get(f"{live_url}{URL}", headers=headers, timeout=60).content)
    assert (len(rows), end) == (5000, "# complete, 5000 rows")
    items = httpx.get(f"{live_url}{URL}?format=json", headers=headers, timeout=60).json()
    assert (len(items["items"]), items["complete"]) == (5000, True)
    book = httpx.get(f"{live_url}{URL}?format=xlsx&until=2026-03-02T00:00:00Z", headers=headers, timeout=60)
    assert int(book.headers["Content-Length"]) == len(book.content)
    assert len(sheets(book.content)[0]) == 289
