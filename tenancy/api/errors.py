"""One shape for every error: ``{"detail": "…"}``, and for values that fail their rules a list of them with 422."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

DATABASE_AWAY = "The database is not available at the moment. Nothing was stored; please try again."


class Conflict(exceptions.APIException):
    status_code = 409
    default_detail = "This already exists."
    default_code = "conflict"


class Unprocessable(exceptions.APIException):
    """Errors that are already in the list form."""

    status_code = 422

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("invalid")
        self.errors = errors


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(get_error_detail(error))
    if isinstance(error, Unprocessable):
        set_rollback()
        return Response({"detail": error.errors}, status=422)
    if isinstance(error, exceptions.ValidationError):
        set_rollback()
        sent = getattr(context["request"], "_full_data", None)
        return Response({"detail": list(error_items(error.get_full_details(), sent, ("body",)))}, status=422)
    if isinstance(error, OperationalError | InterfaceError):
        # No set_rollback(): it would ask a connection that is gone.
        return Response({"detail": DATABASE_AWAY}, status=503, headers={"Retry-After": "5"})
    return exception_handler(error, context)


def error_items(details: Any, sent: Any, location: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    """Flatten REST framework's nested details to items of type, loc, msg and input."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        code = "missing" if details["code"] == "required" else details["code"]
        yield {"type": code, "loc": list(location), "msg": str(details["message"]), "input": sent}
    elif isinstance(details, dict):
        for name, inner in details.items():
            if name in (NON_FIELD_ERRORS, "non_field_errors"):
                yield from error_items(inner, sent, location)
            else:
                value = sent.get(name) if isinstance(sent, dict) else None
                yield from error_items(inner, value, (*location, name))
    else:
        for index, inner in enumerate(details):
            is_message = isinstance(inner, dict) and set(inner) == {"message", "code"}
            if is_message or not isinstance(sent, list):
                yield from error_items(inner, sent, location)
            elif inner:
                yield from error_items(inner, sent[index] if index < len(sent) else None, (*location, index))
