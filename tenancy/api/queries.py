from __future__ import annotations

from collections.abc import Iterable

from rest_framework.request import Request

from tenancy.api.errors import Unprocessable


def refuse_repeated_parameters(request: Request) -> None:
    refuse_repeated(request.query_params.lists())


def refuse_repeated(parameters: Iterable[tuple[str, list[str]]]) -> None:
    """One of two values would be without effect, silently. Raises Unprocessable."""
    errors = [
        {"type": "repeated", "loc": ["query", name], "msg": "Give this parameter once", "input": values}
        for name, values in parameters
        if len(values) > 1
    ]
    if errors:
        raise Unprocessable(errors)
