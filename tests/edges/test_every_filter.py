"""A filter that matches rows one may not see answers as one that matches nothing: no value can be guessed at."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.roles import Role
from tenancy.api.routing import PUBLIC
from tests.edges.asking import Asking, Operation, asking, named, operations
from tests.edges.shares import share
from tests.edges.test_every_query import is_typed
from tests.isolation.callers import Caller, callers_of
from tests.isolation.world import Target, World

pytestmark = pytest.mark.promise(11)
# Figures of the process, each other than a moment ago.
READS = [one for one in operations("GET") if one.route.access["GET"] != PUBLIC and one.route.name != "system-metrics"]
# An age, and the place and time at which a stream was opened.
_OF_THE_MOMENT = re.compile(r'"\w*[sS]econds\w*":\d+|\b\d{13}-\d+\b|"(?:at|asOf|since|until)":"[^"]*"|[&?]state=[^"&]*')
NOBODY = "nobody-has-this-value"
# For filters that take nothing else.
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
# Ways to reach through relations, and to sort by what is not shown, as frameworks spell them.
THROUGH = [
    "organization", "organization__code", "patient", "patient__last_name__startswith", "assignments__patient__code",
    "user__email", "user__password__startswith", "last_name__startswith", "id",
]  # fmt: skip
ORDERINGS = ["-last_name", "patient__last_name", "user__password", "?"]


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


@pytest.fixture(scope="module")
def callers(world: World) -> list[Caller]:
    names = (Role.OWNER, Role.PATIENT)
    return [caller for caller in callers_of(world.north) if caller.name in names]


def hidden_values(world: World, caller: Caller) -> list[str]:
    """Of the other clinic; and for a patient's login, of the other patient of its own."""
    targets = [world.target(world.south)]
    if caller.is_patient:
        targets.append(world.second_patient(world.north))
    return [value for target in targets for value in values_of(target)]


def values_of(target: Target) -> list[str]:
    only = target.only_patient or target.patient
    device = target.only_device or target.device
    values: list[Any] = [only.code, only.last_name, device.code, target.member.email, target.patient.public_id]
    return [str(value) for value in values]


def told(ask: Asking, one: Operation, caller: Caller, query: dict[str, str]) -> tuple[int, str]:
    """Status and body. Refusals repeat what was sent; ages and places in streams go on by themselves."""
    answer = ask.send(one, query=urlencode(query), caller=caller)
    text = answer.text_sent.decode()
    if answer.status_code >= 400:
        for value in query.values():
            text = text.replace(f'"{value}"', '"<sent>"')
    return answer.status_code, _OF_THE_MOMENT.sub("", text)


@pytest.mark.parametrize(**named([one for one in READS if one.query_parameters]))
def test_hidden_rows_match_no_declared_filter(one: Operation, ask: Asking, callers: list[Caller], world: World) -> None:
    for caller in callers:
        for parameter in one.query_parameters:
            name = parameter["name"]
            of_nobody = [told(ask, one, caller, {name: value}) for value in (NOBODY, NOBODYS_ID)]
            # A number, a moment or a word of a list: every text is refused.
            of = 3 if is_typed(parameter["schema"]) else 1
            for value in share(hidden_values(world, caller), READS.index(one), of=of):
                answer = told(ask, one, caller, {name: value})
                assert answer in of_nobody or answer[0] in {404, 422}, (caller.name, name)


@pytest.mark.parametrize(**named(READS))
def test_undeclared_filters_and_orderings_change_nothing(
    one: Operation, ask: Asking, callers: list[Caller], world: World
) -> None:
    declared = {parameter["name"] for parameter in one.query_parameters}
    value = values_of(world.target(world.south))[1]
    names = [name for name in THROUGH if name not in declared]
    orderings = ORDERINGS if "ordering" not in declared else []
    for caller in callers:
        plain = told(ask, one, caller, {})
        # A filter that counted would leave nothing of nobody's, whatever stood beside it.
        if any(told(ask, one, caller, dict.fromkeys(names, sent)) != plain for sent in (NOBODY, value)):
            for name in names:
                assert told(ask, one, caller, {name: value}) == told(ask, one, caller, {name: NOBODY}), (
                    caller.name,
                    name,
                )
        refused = told(ask, one, caller, {"ordering": NOBODY})
        for ordering in share(orderings, READS.index(one), of=2):
            assert told(ask, one, caller, {"ordering": ordering}) == refused, (caller.name, ordering)


def test_own_rows_do_match(ask: Asking, world: World) -> None:
    """The comparison is worth something only if a filter finds what it may."""
    (one,) = [one for one in READS if one.route.name == "patients"]
    code = world.target(world.north).patient.code
    assert told(ask, one, ask.owner, {"search": code}) != told(ask, one, ask.owner, {"search": NOBODY})
