"""Pydantic's findings in the platform's one form of a 422."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tenancy.api.errors import Unprocessable

M = TypeVar("M", bound=BaseModel)
# A body of megabytes with a dozen missing fields would otherwise come back a dozen times.
LONGEST_ECHO = 4000
TOO_LONG = "(too long to repeat)"


def validated(model: type[M], value: Any, *, place: str, context: dict[str, Any] | None = None) -> M:
    """Raises Unprocessable with every failure of ``value``, in the order of the fields."""
    try:
        return model.model_validate(value, context=context)
    except ValidationError as error:
        raise Unprocessable(error_list(error, place)) from None


def error_list(error: ValidationError, place: str) -> list[dict[str, Any]]:
    return [
        {"type": found["type"], "loc": [place, *found["loc"]], "msg": found["msg"], "input": _echo(found["input"])}
        for found in error.errors(include_url=False, include_context=False)
    ]


def error_sentence(error: ValidationError) -> str:
    """The same in one line, for an item of a batch."""
    return "; ".join(
        ": ".join(filter(None, [".".join(map(str, found["loc"])), found["msg"]]))
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _echo(value: Any) -> Any:
    return value if len(json.dumps(value)) <= LONGEST_ECHO else TOO_LONG
