"""Every route, by everybody, with everybody else's identifiers: nothing shows, nothing changes, nothing breaks.

The cases are generated from the routes and from the OpenAPI document: a new route is attacked without a line here.
"""

from __future__ import annotations

import pytest

from accounts.roles import Role
from glucose_platform.routes import ROUTES
from tenancy.api.routing import Route
from tests.isolation.attacks import faults_of_route
from tests.isolation.callers import Caller, callers_of
from tests.isolation.world import World

pytestmark = pytest.mark.promise(1, 2, 13)


@pytest.fixture(scope="module")
def callers(world: World) -> list[Caller]:
    """Everybody of one clinic against the other; the way back by those who may do most, and by a patient."""
    return callers_of(world.north) + callers_of(world.south, (Role.OWNER, Role.PATIENT))


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_no_caller_reaches_rows_that_are_not_theirs(route: Route, callers: list[Caller], world: World) -> None:
    faults = [fault for caller in callers for fault in faults_of_route(route, caller, world)]

    assert faults == [], "\n".join(faults[:20])
