"""Raw requests to every route, each undone: what no well-behaved client would send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from glucose_platform.routes import ROUTES
from tenancy.api.routing import DEVICE, Route
from tests.forgetting import forget_limits
from tests.isolation.attacks import METHODS, path_of
from tests.isolation.bodies import body_for, operation
from tests.isolation.callers import Caller, callers_of
from tests.isolation.world import Target, World

JSON = "application/json"
WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Operation:
    route: Route
    method: str

    def __str__(self) -> str:
        return f"{self.method}-{self.route.name}"

    @property
    def document(self) -> dict[str, Any]:
        return operation(self.route, self.method)

    @property
    def body_types(self) -> list[str]:
        """Media types that the OpenAPI document names; none where the operation takes no body."""
        return list(self.document.get("requestBody", {}).get("content", {}))

    @property
    def query_parameters(self) -> list[dict[str, Any]]:
        return [item for item in self.document.get("parameters", []) if item["in"] == "query"]


def operations(*methods: str) -> list[Operation]:
    return [Operation(route, method) for route in ROUTES for method in methods or METHODS if method in route.access]


def taking_json() -> list[Operation]:
    return [one for one in operations(*WITH_BODY) if JSON in one.body_types]


@dataclass(frozen=True)
class Asking:
    """Requests of one person and one device of our clinic, about its own rows."""

    world: World
    owner: Caller
    patient: Caller
    device: Caller
    own: Target

    def path(self, one: Operation) -> str:
        return path_of(one.route, self.own, "code")

    def body(self, one: Operation) -> Any:
        return body_for(one.route, one.method, self.own)

    def caller(self, one: Operation) -> Caller:
        return self.device if one.route.access[one.method] == DEVICE else self.owner

    def send(
        self,
        one: Operation,
        content: bytes | str = b"",
        *,
        content_type: str = JSON,
        query: str = "",
        method: str = "",
        caller: Caller | None = None,
        **headers: Any,
    ) -> Any:
        """The answer; what it changed is undone, and no limit stands in the way of the next."""
        forget_limits()
        client = (caller or self.caller(one)).client()
        path = self.path(one) + (f"?{query}" if query else "")
        savepoint = transaction.savepoint()
        try:
            response = client.generic(method or one.method, path, content, content_type, headers=headers)
            # Read now: what a stream would ask for later is undone by then.
            response.text_sent = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
            return response
        finally:
            transaction.set_rollback(False)
            transaction.savepoint_rollback(savepoint)


def asking(world: World) -> Asking:
    callers = {caller.name: caller for caller in callers_of(world.north)}
    return Asking(world, callers["owner"], callers["patient"], callers["organization key"], world.target(world.north))


def named(found: list[Operation]) -> dict[str, Any]:
    """For ``pytest.mark.parametrize``."""
    return {"argnames": "one", "argvalues": found, "ids": [str(one) for one in found]}


def statuses(answers: Iterator[Any] | list[Any]) -> set[int]:
    return {answer.status_code for answer in answers}
