"""Who may call what: the routes and the role table say it, a reviewed file says it again, and every cell is asked.

A route without a line in the file fails: nothing is served that nobody has looked at. In the file ``yes`` is allowed,
``no`` refused, and ``own`` allowed for what is one's own only (of which the support has nothing); the rows that are
named here belong to the first patient, or were made by the nurse.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.roles import SUPPORT, Role, role_allows
from glucose_platform.routes import ROUTES
from tenancy.api.routing import DEVICE, PUBLIC, SIGNED_IN, Route
from tests.clinics import SECOND_PATIENT
from tests.isolation.bodies import body_for
from tests.isolation.callers import Caller, callers_of
from tests.isolation.cases import Case, ask
from tests.isolation.world import Target, World

pytestmark = pytest.mark.promise(8)

FILE = Path(__file__).parent / "access_table.csv"
STAFF = (Role.OWNER, Role.ADMIN, Role.CLINICIAN, Role.NURSE, Role.VIEWER, SUPPORT)
PATIENTS = (Role.PATIENT, SECOND_PATIENT)
KEYS = ("device key", "organization key")
CALLERS = (*map(str, STAFF), *map(str, PATIENTS), *KEYS, "anonymous")
REFUSALS = {401, 403, 404, 405}
OPERATIONS = [(method, route) for route in ROUTES for method in sorted(route.access)]


def name_of(method: str, route: Route) -> str:
    return f"{method} /{route.path}"


def is_allowed(route: Route, method: str, caller: str) -> bool:
    allowed = route.access[method].split("|")
    if PUBLIC in allowed:
        return True
    if caller == "anonymous":
        return False
    if caller in KEYS:
        return DEVICE in allowed
    role = Role.PATIENT.value if caller == SECOND_PATIENT else caller
    return SIGNED_IN in allowed or any(role_allows(role, name) for name in allowed)


def generated() -> dict[str, dict[str, str]]:
    return {
        name_of(method, route): {caller: "yes" if is_allowed(route, method, caller) else "no" for caller in CALLERS}
        for method, route in OPERATIONS
    }


def reviewed() -> dict[str, dict[str, str]]:
    with FILE.open(newline="") as lines:
        return {row.pop("operation"): row for row in csv.DictReader(lines)}


@pytest.fixture(scope="module")
def callers(world: World) -> dict[str, Caller]:
    people = (*map(str, STAFF), *map(str, PATIENTS))
    return {caller.name: caller for caller in callers_of(world.north, people)}


def differences() -> Iterator[str]:
    rows, known = generated(), reviewed()
    for name, row in rows.items():
        expected = {caller: known.get(name, {}).get(caller, "").replace("own", "yes") for caller in CALLERS}
        if expected != row:
            yield f"the routes say: {name},{','.join(row.values())}"
    yield from (f"there is no such route any more: {name}" for name in known.keys() - rows.keys())


def test_every_route_stands_in_the_reviewed_table() -> None:
    found = list(differences())
    assert not found, f"Review these lines, and write them into {FILE.name}:\n" + "\n".join(found)


def path_to_own_rows(route: Route, own: Target) -> str:
    path = route.path
    for name in route.parameters:
        style = "uuid" if name == "keyId" else "code"
        path = path.replace(f"{{{name}}}", own.parameter(name, style))
    return f"/{path}"


@pytest.mark.parametrize(("method", "route"), OPERATIONS, ids=[name_of(method, route) for method, route in OPERATIONS])
def test_every_cell_is_what_a_caller_meets(method: str, route: Route, callers: dict[str, Caller], world: World) -> None:
    own = world.target(world.north)
    cells = reviewed().get(name_of(method, route), {})
    body = body_for(route, method, own, fresh=True)
    if route.name == "emergency-accesses":
        # The one body whose code is that of a row that exists.
        body = {**(body or {}), "code": own.patient.code}
    wrong = []
    for name in CALLERS:
        status = ask(Case(callers[name], method, path_to_own_rows(route, own), body=body)).status
        if PUBLIC in route.access[method]:
            # Wrong credentials are no refusal of the route, nor is what this installation has not set up.
            fits = status not in REFUSALS - {401, 404}
        else:
            fits = (status in REFUSALS) == (cells.get(name) != "yes")
        if not fits:
            wrong.append(f"{name}: {cells.get(name)}, but answered {status}")
    assert not wrong, "\n".join(wrong)
