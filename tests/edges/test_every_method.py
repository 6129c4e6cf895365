from __future__ import annotations

from typing import Any

import pytest

from glucose_platform.routes import ROUTES
from tenancy.api.routing import Route
from tests.edges.asking import Asking, Operation, asking
from tests.edges.shares import share
from tests.isolation.world import World

ALL = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X")


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


@pytest.mark.promise(41)
@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_a_method_that_the_route_does_not_name_is_405(route: Route, ask: Asking) -> None:
    for place, method in enumerate(ALL, ROUTES.index(route)):
        one = Operation(route, next(iter(route.access)))
        callers = [] if method in route.access else share([ask.owner, ask.device], place, of=2)
        for caller in callers:
            answer = ask.send(one, b"{}", method=method, caller=caller)
            assert answer.status_code == 405, method
            # The pages and the document of the API have forms of their own.
            if answer.headers["Content-Type"] == "application/json":
                assert list(answer.json()) == ["detail"]


@pytest.mark.promise(41)
@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_a_header_names_no_other_method(route: Route, ask: Asking) -> None:
    """X-HTTP-Method-Override and its kin: a GET that a proxy lets through deletes nothing."""
    for method in set(route.access) & {"GET"}:
        one = Operation(route, method)
        headers: dict[str, Any] = {
            "X-HTTP-Method-Override": "DELETE",
            "X-HTTP-Method": "DELETE",
            "X-Method-Override": "DELETE",
        }
        plain, overridden = ask.send(one), ask.send(one, **headers)
        assert plain.status_code == overridden.status_code
