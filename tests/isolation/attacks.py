"""The cases of a route: whose rows are named, in the path, in the query and in the body."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from accounts.roles import Role
from tenancy.api.routing import PUBLIC, Route
from tests.edges.shares import share
from tests.isolation.bodies import body_for, hostile_body, query_for
from tests.isolation.callers import Caller
from tests.isolation.cases import SAFE, Case, ask, leaks
from tests.isolation.world import STYLES, Target, World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EVERY_WAY = frozenset({Role.OWNER.value, Role.PATIENT.value, "device key"})


def path_of(route: Route, target: Target, style: str) -> str:
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", target.parameter(name, style))
    return f"/{path}"


def paths_of(route: Route, target: Target, caller: Caller) -> list[str]:
    """Each way to name the target's rows; one path for a route without parameters.

    Those who may do most, and patients, name them in every way. How a row is named is read by the same code whoever
    asks, so the others divide the ways: each route meets all of them, by another caller from route to route.
    """
    if caller.name in EVERY_WAY:
        styles = list(STYLES)
    else:
        styles = share(STYLES, place=zlib.crc32(f"{route.name} {caller.name}".encode()), of=len(STYLES))
    return sorted({path_of(route, target, style) for style in styles})


def attacks(route: Route, caller: Caller, own: Target, foreign: Target) -> Iterator[Case]:
    for method in METHODS:
        if method not in route.access:
            # Refused before anything is looked at, whoever asks.
            if caller.name in (Role.OWNER, "anonymous"):
                yield Case(caller, method, path_of(route, foreign, "only"), body={})
        elif method in SAFE:
            yield from _reads(route, method, caller, own, foreign)
        else:
            yield from _writes(route, method, caller, own, foreign)


def _reads(route: Route, method: str, caller: Caller, own: Target, foreign: Target) -> Iterator[Case]:
    for path in paths_of(route, foreign, caller):
        yield Case(caller, method, path)
    yield Case(caller, method, path_of(route, own, "code"), query=query_for(route, method, foreign))


def _writes(route: Route, method: str, caller: Caller, own: Target, foreign: Target) -> Iterator[Case]:
    for path in paths_of(route, foreign, caller):
        yield Case(caller, method, path, body=hostile_body(route, method, foreign))
    yield Case(caller, method, path_of(route, own, "uuid"), body=hostile_body(route, method, foreign))
    if route.parameters:
        yield Case(caller, method, path_of(route, foreign, "only"), body=body_for(route, method, own))


def foreign_targets(world: World, caller: Caller) -> list[Target]:
    """Rows that the caller must not reach: the other clinic's, and for a patient's login another patient's too."""
    foreign = [world.target(world.other(caller.clinic))]
    if caller.is_patient:
        foreign.append(world.second_patient(caller.clinic))
    return foreign


def faults_of_route(route: Route, caller: Caller, world: World) -> list[str]:
    """What one caller's attacks on one route brought to light; empty where isolation holds."""
    if set(route.access.values()) == {PUBLIC} and not route.parameters and caller.name not in (Role.OWNER, "anonymous"):
        # The same for everybody: that it shows nothing to a signed-in owner and to nobody is enough.
        return []
    own = world.target(caller.clinic)
    return [
        fault
        for foreign in foreign_targets(world, caller)
        for case in attacks(route, caller, own, foreign)
        for fault in faults_of(case, foreign)
    ]


def faults_of(case: Case, foreign: Target) -> list[str]:
    if case.method in SAFE:
        return leaks(case, ask(case), foreign.canaries)
    after: list[str] = []
    answer = ask(case, after=lambda: after.append(foreign.digest()))
    changed = [f"{case} changed rows of {foreign.name}" for digest in after if digest != foreign.untouched]
    return leaks(case, answer, foreign.canaries) + changed
