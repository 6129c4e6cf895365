"""The same for every page that is no REST route: the patterns are walked, so a new page is attacked as well."""

from __future__ import annotations

import pytest
from django.urls import get_resolver

from accounts.roles import Role
from glucose_platform.routes import ROUTES
from tests.isolation.attacks import faults_of, foreign_targets
from tests.isolation.callers import Caller, callers_of
from tests.isolation.cases import Case, ask
from tests.isolation.pages import ROUTED, Page, page_attacks, pages
from tests.isolation.world import World

pytestmark = pytest.mark.promise(1, 2, 13)

PAGES = pages()
# Pages on which an owner sees what the clinic wrote about its own rows.
SHOWING = {
    "patients_patient_changelist",
    "patients_patient_change",
    "patients_patient_page",
    "patients_patient_report",
    "patients_patient_profile",
    "patients_patient_days",
    "patients_patient_statistics",
    "patients_patient_alarms",
    "patients_patient_devices",
    "index",
    "devices_device_changelist",
    "devices_device_page",
    "alarm_channels",
    "accounts_membership_changelist",
    "accounts_membership_change",
    "clinic_invitations",
    "removals",
    "emergency_access",
    "alarms",
    "alarm",
    "organization",
    "alarm_rules",
    "dexcom",
    "readings",
    "search",
}


@pytest.fixture(scope="module")
def callers(world: World) -> list[Caller]:
    """Pages know a session or nothing: keys count for nobody here, and staff are those who see least and most."""
    north = callers_of(world.north, (Role.OWNER, Role.VIEWER, Role.PATIENT))
    return [caller for caller in north if not caller.is_key] + callers_of(world.south, (Role.OWNER,))[1:2]


@pytest.mark.parametrize("page", PAGES, ids=[page.pattern for page in PAGES])
def test_no_caller_reaches_rows_that_are_not_theirs(page: Page, callers: list[Caller], world: World) -> None:
    faults = [
        fault
        for caller in callers
        for foreign in foreign_targets(world, caller)
        for case in page_attacks(page, caller, world.target(caller.clinic), foreign)
        for fault in faults_of(case, foreign)
    ]

    assert faults == [], "\n".join(faults[:20])


@pytest.mark.parametrize("name", sorted(SHOWING))
def test_own_rows_are_seen(name: str, world: World) -> None:
    (page,) = [page for page in PAGES if page.name == name]
    (owner,) = [caller for caller in callers_of(world.south, (Role.OWNER,)) if caller.name == Role.OWNER]
    own = world.target(world.south)
    query = {"s": "CANARY", "patient": own.patient.code}

    answers = [ask(Case(owner, "GET", page.path(own))), ask(Case(owner, "GET", page.path(own), query=query))]

    assert any(answer.status == 200 and "CANARY-SOUTH" in answer.text for answer in answers)


def test_every_url_is_a_route_or_a_page() -> None:
    """Every pattern that Django serves is attacked: by the routes' matrix or by the one above."""
    served = {str(pattern.pattern) for pattern in get_resolver().url_patterns}
    routed = {str(route.url_pattern().pattern) for route in ROUTES}

    by_link = {"set-password/<uid>/<token>/", "confirm/<uid>/<token>/", "forgot-password/", "invitation/<token>/"}
    assert served - routed == {*(f"account/{page}" for page in by_link), "auth/callback", "admin/"}
    assert len(ROUTED) == len(ROUTES)
    assert {page.name for page in PAGES} >= SHOWING
