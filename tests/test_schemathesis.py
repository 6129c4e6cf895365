"""Generated requests to every documented operation, by everybody: each answer is one that the document describes."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from glucose_platform.routes import ROUTES
from tests.forgetting import forget_limits
from tests.isolation.bodies import document
from tests.isolation.callers import Caller, callers_of
from tests.isolation.conftest import world
from tests.isolation.world import STYLES, World

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.promise(10, 37, 38)]
EXAMPLES = 2
EXAMPLES_AT_NIGHT = 10
CHECKS = [
    not_a_server_error,  # first
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENTED = [
    (route, method)
    for route in ROUTES
    for method in route.access
    if method.lower() in document()["paths"].get(f"/{route.path}", {})
]


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(copy.deepcopy(document()))


@pytest.fixture(scope="module")
def callers(world: World) -> list[Caller]:
    return callers_of(world.north)


@pytest.mark.parametrize("by_chance", [False, pytest.param(True, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(
    ("route", "method"), DOCUMENTED, ids=[f"{method}-{route.name}" for route, method in DOCUMENTED]
)
def test_every_answer_is_as_documented(
    route: Any, method: str, schema: Any, callers: list[Caller], world: World, by_chance: bool
) -> None:
    """The same few with every change; at night more, and others each time: Hypothesis prints how to have them again."""
    operation = schema[f"/{route.path}"][method]
    own = world.target(world.north)

    @settings(
        max_examples=EXAMPLES_AT_NIGHT if by_chance else EXAMPLES,
        derandomize=not by_chance,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), data=st.data())
    def ask(case: Any, data: st.DataObject) -> None:
        if route.parameters and data.draw(st.booleans(), label="about own rows"):
            style = data.draw(st.sampled_from(STYLES))
            case.path_parameters = {name: own.parameter(name, style) for name in route.parameters}
        # Everybody in turn, so that the few who may get further than the refusal are not missed by chance.
        for caller in callers:
            answer = send(case, caller)
            # Where the document says so, it is no fault: what a mail is sent with may be away.
            is_told = answer.status_code == 503 and "503" in operation.definition.raw["responses"]
            case.validate_response(answer, checks=CHECKS[is_told:])

    ask()


def send(case: Any, caller: Caller) -> Response:
    """Through our test client, undone, in the form that schemathesis looks at."""
    sent = case.as_transport_kwargs(base_url="http://testserver")
    prepared = requests.Request(**{**sent, "headers": {**dict(sent["headers"]), **caller.headers}}).prepare()
    parts = urlsplit(str(prepared.url))
    headers: Any = {name: value for name, value in prepared.headers.items() if name not in ("Content-Length", "Cookie")}
    forget_limits()
    savepoint = transaction.savepoint()
    try:
        answer: Any = caller.client().generic(
            str(prepared.method),
            parts.path + (f"?{parts.query}" if parts.query else ""),
            prepared.body or b"",
            headers.pop("Content-Type", ""),
            headers=headers,
        )
        content = b"".join(answer) if answer.streaming else answer.content
    finally:
        transaction.set_rollback(False)
        transaction.savepoint_rollback(savepoint)
    told = {name.lower(): [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, told, content, prepared, 0.0, False)
