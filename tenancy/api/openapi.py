"""The OpenAPI document: what spectacular cannot know, read from the routes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, get_lib_doc_excludes

from tenancy.api.routing import PUBLIC, Route, RoutedView
from tenancy.api.serializers import CamelCaseMixin, CamelCaseModelSerializer, CamelCaseSerializer

ERROR = "Error"
ERROR_SCHEMA = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["type", "loc", "msg"],
                        "properties": {
                            "type": {"type": "string"},
                            "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                            "msg": {"type": "string"},
                            "input": {},
                        },
                    },
                },
            ]
        }
    },
}
SENTENCES = {
    "400": "Not JSON, or JSON that is ambiguous",
    "401": "No credentials, or none that are valid",
    "402": "The clinic's plan has no room for it; the sentence says which limit",
    "403": "Not with this role",
    "404": "It does not exist in the caller's clinic",
    "409": "Another row of the clinic has this value already",
    "410": "The link was used, or its time is over",
    "413": "The body is too large",
    "415": "The body is of another type",
    "422": "Values that fail their rules, each with its place",
    "429": "Too many requests; Retry-After says when to come back",
    "503": "What is needed for it is not available at the moment",
}


def doc_excludes() -> list[Any]:
    """Base classes whose docstrings are for people who read the code, not for those who call the API."""
    ours = [RoutedView, CamelCaseMixin, CamelCaseSerializer, CamelCaseModelSerializer]
    return [*get_lib_doc_excludes(), *ours]  # type: ignore[no-untyped-call]


class RouteSchema(AutoSchema):
    """Adds the refusals that follow from a route's access and parameters, where a view does not describe its own."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            answers.setdefault(status, self._error(SENTENCES[status]))
        return dict(sorted(answers.items()))

    def _refusals(self) -> list[str]:
        route: Route = self.view.route  # type: ignore[attr-defined]
        access = route.access.get(self.method, PUBLIC)
        statuses = ["422", "429"] if access == PUBLIC else ["401", "422", "429"]
        if "." in access:
            statuses.append("403")
        if route.parameters or self._is_list_view():
            # Of a list: the cursor of a page that is none.
            statuses.append("404")
        if self.method in {"POST", "PUT", "PATCH"}:
            statuses += ["400", "413", "415"]
        if self.method in {"POST", "PUT", "PATCH"} and route.actions:
            statuses.append("409")
        # What has no room in a plan is added, not read or removed.
        is_adding = self.method in {"POST", "PUT", "PATCH"}
        return [*statuses, *(str(status) for status in route.refusals if is_adding or status != 402)]

    def _error(self, sentence: str) -> dict[str, Any]:
        component = ResolvedComponent(ERROR, ResolvedComponent.SCHEMA, ERROR_SCHEMA, ERROR)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        return {"description": sentence, "content": {"application/json": {"schema": component.ref}}}
