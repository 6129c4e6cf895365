"""A row of another clinic and a row that does not exist are told in the same bytes: nobody learns what others have."""

from __future__ import annotations

import json
import uuid

import pytest

from accounts.roles import Role
from glucose_platform.routes import ROUTES
from tenancy.api.routing import Route
from tests.isolation.attacks import METHODS
from tests.isolation.bodies import body_for
from tests.isolation.callers import Caller, callers_of
from tests.isolation.cases import Answer, Case, ask
from tests.isolation.world import Target, World

pytestmark = pytest.mark.promise(12, 13)

MISSING = str(uuid.UUID(int=uuid.uuid4().int))
# A kind of measurement is a word of ours, no row of anybody's.
ADDRESSED = [
    (route, method)
    for route in ROUTES
    if set(route.parameters) - {"type"}
    for method in METHODS
    if method in route.access
]


@pytest.fixture(scope="module")
def callers(world: World) -> list[Caller]:
    names = (Role.OWNER, Role.VIEWER, "organization key", "device key")
    return [caller for caller in callers_of(world.north) if caller.name in names]


def ask_for(caller: Caller, route: Route, method: str, own: Target, identifier: str) -> Answer:
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", identifier)
    body = body_for(route, method, own)
    if isinstance(body, dict) and "deviceId" in body:
        body["deviceId"] = identifier
    return ask(Case(caller, method, f"/{path}", body=body))


def told(answer: Answer, identifier: str) -> str:
    """Status and body; the identifier that was sent may be repeated, the request's own id differs anyway."""
    body = answer.text.rpartition("\n")[2]
    return json.dumps([answer.status, body]).replace(identifier, "<sent>")


@pytest.mark.parametrize(("route", "method"), ADDRESSED, ids=[f"{method}-{route.name}" for route, method in ADDRESSED])
def test_foreign_and_missing_are_told_alike(route: Route, method: str, callers: list[Caller], world: World) -> None:
    own, foreign = world.target(world.north), world.target(world.south)
    code = foreign.parameter(route.parameters[0], "only")
    pairs = [(foreign.parameter(route.parameters[0], "uuid"), MISSING), (code, code[:-1] + "Z")]
    for caller in callers:
        for existing, missing in pairs:
            told_of_foreign = told(ask_for(caller, route, method, own, existing), existing)
            told_of_missing = told(ask_for(caller, route, method, own, missing), missing)

            assert told_of_foreign == told_of_missing
            assert "[2" not in told_of_foreign[:2], f"{caller.name} reached {existing}"


def test_the_comparison_sees_a_difference(world: World) -> None:
    """Within one clinic an existing patient and a missing one are told apart: the requests do arrive."""
    own = world.target(world.north)
    (owner,) = [caller for caller in callers_of(world.north) if caller.name == Role.OWNER]
    (route,) = [route for route in ROUTES if route.name == "patient"]

    answers = {told(ask_for(owner, route, "GET", own, code), code) for code in (own.patient.code, "user_none")}

    assert len(answers) == 2
