from __future__ import annotations

from rest_framework.request import Request

from tenancy.api.errors import Unprocessable


def refuse_repeated_parameters(request: Request) -> None:
    """One of two values would be without effect, silently. Raises Unprocessable."""
    errors = [
        {"type": "repeated", "loc": ["query", name], "msg": "Give this parameter once", "input": values}
        for name, values in request.query_params.lists()
        if len(values) > 1
    ]
    if errors:
        raise Unprocessable(errors)
