"""Writes that are really committed, with all that runs after a commit: the owner sees the other clinic as before.

The matrix undoes each case; this is the same with the strongest callers and without a net.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from accounts.roles import Role
from glucose_platform.routes import ROUTES
from tests.isolation.attacks import attacks
from tests.isolation.callers import callers_of
from tests.isolation.cases import SAFE
from tests.isolation.conftest import limits_that_may_be_emptied
from tests.isolation.world import digest_by_owner, make_world

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.promise(1)]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", [Role.OWNER, "organization key"])
def test_committed_writes_leave_the_other_clinic_as_it_was(name: str) -> None:
    with limits_that_may_be_emptied():
        world = make_world()
        own, foreign = world.target(world.north), world.target(world.south)
        before, own_before = digest_by_owner(world.south), digest_by_owner(world.north)

        for route in ROUTES:
            # Made anew for each route: signing out is among them.
            (caller,) = [caller for caller in callers_of(world.north, (Role.OWNER,)) if caller.name == name]
            for case in attacks(route, caller, own, foreign):
                if case.method not in SAFE:
                    response = case.send()
                    assert response.status_code < 500, str(case)
            assert digest_by_owner(world.south) == before, route

        assert digest_by_owner(world.north) != own_before, "nothing was written at all"
