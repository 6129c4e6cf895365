"""Staff who see only their patients: no route and no page shows or changes anything of another care team's patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import transaction

from accounts.organizations import change_organization
from accounts.roles import Role
from devices.models import Assignment
from glucose_platform.routes import ROUTES
from patients.care_team import remove_from_care_team
from patients.models import Consent, Patient
from patients.services import change_patient
from readings.rows import ReadingRow
from readings.services import store_readings
from tenancy.api.routing import PUBLIC, Route
from tenancy.managers import audited_elsewhere
from tests.isolation.attacks import attacks, faults_of, paths_of
from tests.isolation.callers import Caller, callers_of
from tests.isolation.cases import Case, ask
from tests.isolation.pages import Page, page_attacks, pages
from tests.isolation.world import Target, World

pytestmark = pytest.mark.promise(2)

HIDDEN = "HIDDEN-ONE"
CLINIC_ROUTES = [route for route in ROUTES if set(route.access.values()) != {PUBLIC}]
PAGES = pages()
# Where an owner reads of the patient, so that silence for others says something.
SHOWING = ("patients", "patient", "consents", "device-assignments", "device-readings")


@pytest.fixture(scope="module")
def hidden(world: World) -> Target:
    """The second patient, whom the nurse does not look after any more, with a word that stands nowhere else."""
    clinic = world.north
    patient, device = clinic.patients[1], clinic.devices[1]
    names = ("first_name", "last_name", "address", "room", "medical_record_number")
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test's own rows"):
        change_organization(changes={"assigned_patients_only": True})
        for other in clinic.patients[1:]:
            remove_from_care_team(patient=other, member=clinic.people[Role.NURSE])
        change_patient(patient=Patient.objects.get(pk=patient.pk), changes=dict.fromkeys(names, HIDDEN))
        Assignment.objects.filter(patient=patient).update(note=HIDDEN)
        Consent.objects.filter(patient=patient).update(note=HIDDEN)
        store_readings(rows=[ReadingRow(device.id, datetime.now(UTC), 123, sensor_data={"red": 1.5, "note": HIDDEN})])
    return replace(world.second_patient(clinic), canaries=(HIDDEN,))


@pytest.fixture(scope="module")
def nurse(hidden: Target, world: World) -> Caller:
    (caller,) = [caller for caller in callers_of(world.north, (Role.NURSE,)) if caller.name == Role.NURSE]
    return caller


@pytest.fixture(scope="module")
def owner(hidden: Target, world: World) -> Caller:
    (caller,) = [caller for caller in callers_of(world.north, (Role.OWNER,)) if caller.name == Role.OWNER]
    return caller


@pytest.mark.parametrize("route", CLINIC_ROUTES, ids=[route.name for route in CLINIC_ROUTES])
def test_no_route_reaches_another_teams_patient(route: Route, nurse: Caller, hidden: Target, world: World) -> None:
    cases = attacks(route, nurse, world.target(world.north), hidden)
    faults = [fault for case in cases for fault in faults_of(case, hidden)]
    assert faults == [], "\n".join(faults[:20])


@pytest.mark.parametrize("page", PAGES, ids=[page.pattern for page in PAGES])
def test_no_page_reaches_another_teams_patient(page: Page, nurse: Caller, hidden: Target, world: World) -> None:
    cases = page_attacks(page, nurse, world.target(world.north), hidden)
    faults = [fault for case in cases for fault in faults_of(case, hidden)]
    assert faults == [], "\n".join(faults[:20])


@pytest.mark.parametrize("name", SHOWING)
def test_owners_read_of_the_patient_there(name: str, owner: Caller, hidden: Target) -> None:
    (route,) = [route for route in ROUTES if route.name == name]
    answers = [ask(Case(owner, "GET", path)) for path in paths_of(route, hidden, owner)]
    assert any(HIDDEN in answer.text for answer in answers if answer.is_success), [item.status for item in answers]


@pytest.mark.parametrize("path", ["/admin/devices/device/", "/admin/devices/device/{device}/"])
def test_a_device_says_that_it_is_worn_and_not_by_whom(path: str, nurse: Caller, hidden: Target) -> None:
    answer = ask(Case(nurse, "GET", path.format(device=hidden.device.pk)))
    assert "nother care team&#x27;s patient" in answer.text or "nother care team's patient" in answer.text
    assert hidden.patient.code not in answer.text


def test_a_device_cannot_be_taken_from_another_teams_patient(nurse: Caller, hidden: Target, world: World) -> None:
    path = f"/api/v1/devices/{hidden.device.code}/assignments"
    for starts in (datetime.now(UTC), datetime(2019, 1, 1, tzinfo=UTC)):
        body = {"patient": world.north.patients[0].code, "startsAt": starts.isoformat()}
        answer = ask(Case(nurse, "POST", path, body=body))
        assert (answer.status, "another care team" in answer.text) == (422, True)


def test_whoever_admits_a_patient_looks_after_them(nurse: Caller, hidden: Target) -> None:
    def look() -> None:
        seen.append(ask(Case(nurse, "GET", "/api/v1/patients/new_1")).status)

    seen: list[int] = []
    body = {"code": "new_1", "firstName": "New", "lastName": "Person", "phone": "+49 30 1"}
    assert ask(Case(nurse, "POST", "/api/v1/patients", body=body), after=look).status == 201
    assert seen == [200]
    taken = {**body, "code": hidden.patient.code}
    assert ask(Case(nurse, "POST", "/api/v1/patients", body=taken)).status == 409
