"""The platform's support looks and changes nothing: on every route, and with every form that an owner is shown."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from accounts.roles import SUPPORT, Role
from glucose_platform.routes import ROUTES
from tenancy.api.routing import PUBLIC
from tests.clinics import Clinic
from tests.isolation.attacks import path_of
from tests.isolation.bodies import body_for
from tests.isolation.callers import Caller, callers_of
from tests.isolation.cases import SAFE, Case, ask
from tests.isolation.forms import submissions
from tests.isolation.pages import Page, pages
from tests.isolation.reviewed import TENANT_TABLES
from tests.isolation.world import World

pytestmark = pytest.mark.promise(58)

# What the ledger notes of the tries, and the access itself, which they may end.
MAY_CHANGE = {"audit_entry", "audit_seal", "accounts_supportaccess"}
WRITES = [(method, route) for route in ROUTES for method in route.access if method not in SAFE]
PAGES = [page for page in pages() if page.pattern.startswith("admin/")]
# Owners end their own session with these, and then see no more forms.
ENDING = ("/logout/", "/support/leave/")
_ROWS = " UNION ALL ".join(
    f"SELECT '{table}' || t AS row FROM {table} t WHERE t.organization_id = %(id)s"
    for table in sorted(TENANT_TABLES.keys() - MAY_CHANGE)
)
DIGEST = (
    f"SELECT md5(string_agg(row, ',' ORDER BY row)) FROM ({_ROWS} UNION ALL "
    "SELECT 'organization' || t FROM tenancy_organization t WHERE t.id = %(id)s) everything"
)


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, Caller]:
    return {caller.name: caller for caller in callers_of(world.north, (Role.OWNER, SUPPORT))}


def digest(clinic: Clinic) -> str:
    with clinic.scope(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DIGEST, {"id": clinic.organization.id})
        return str(cursor.fetchone()[0])


def changes(case: Case) -> bool:
    """Whether the clinic's rows differ after it. It is undone."""
    after: list[str] = []
    before = digest(case.caller.clinic)
    ask(case, after=lambda: after.append(digest(case.caller.clinic)))
    return bool(after) and after[0] != before


@pytest.mark.parametrize(("method", "route"), WRITES, ids=[f"{method} {route.path}" for method, route in WRITES])
def test_no_route_lets_support_change_rows(method, route, people, world):
    if route.access[method] == PUBLIC:
        pytest.skip("asks nobody who they are; the matrix shows what it reaches")
    own = world.target(world.north)
    for style in ("code", "uuid"):
        body = body_for(route, method, own)
        for sent in (body, body_for(route, method, own, fresh=True)):
            assert not changes(Case(people[SUPPORT], method, path_of(route, own, style), body=sent))


def forms_of(page: Page, people: dict[str, Caller], world: World) -> list[tuple[str, dict[str, str]]]:
    path = page.path(world.target(world.north))
    answer = ask(Case(people[Role.OWNER], "GET", path))
    return [found for found in submissions(answer.text, path) if not found[0].endswith(ENDING)]


@pytest.mark.parametrize("page", PAGES, ids=[page.pattern for page in PAGES])
def test_no_form_lets_support_change_rows(page, people, world):
    path = page.path(world.target(world.north))
    for target, fields in [*forms_of(page, people, world), (path, {"action": "x"})]:
        assert not changes(Case(people[SUPPORT], "POST", target, body=fields, form=True)), (target, fields)


def test_the_same_forms_change_rows_for_an_owner(people, world):
    """Without this the test above could pass with forms that nobody's hand would send."""
    working = {
        page.name
        for page in PAGES
        for target, fields in forms_of(page, people, world)
        if changes(Case(people[Role.OWNER], "POST", target, body=fields, form=True))
    }
    assert working >= {"devices_device_page", "patients_patient_change", "accounts_membership_change"}
