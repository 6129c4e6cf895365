"""One shape for every error: ``{"detail": "…"}``, and for values that fail their rules a list of them with 422."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Empty
from rest_framework.response import Response
from rest_framework.views import set_rollback

from tenancy.api.conflicts import taken_values
from tenancy.api.parsers import BodyTooLarge
from tenancy.api.serializers import camel_case
from tenancy.refusals import Refusal

DATABASE_AWAY = "The database is not available at the moment. Please try again."
SERVER_ERROR = "Something went wrong on our side. It has been logged under the X-Request-ID."
SECRET_FIELDS = frozenset(
    {
        *("password", "oldPassword", "newPassword", "refresh_token", "otp", "token", "idToken", "invitation"),
        *("settings", "claimCode"),
    }
)


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


@dataclass(frozen=True, slots=True)
class Spoken:
    """``detail``: a sentence, or the list of a 422."""

    status: int
    detail: Any
    headers: dict[str, str]


DATABASE_IS_AWAY = Spoken(503, DATABASE_AWAY, {"Retry-After": "5"})


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to ``error``; None for what is a fault of ours, which Django then answers and logs as 500."""
    spoken = spoken_error(error, lambda: _what_was_sent(context))
    if spoken is None:
        return None
    # After a database that is away there is no rollback: it would ask a connection that is gone.
    if not isinstance(error, OperationalError | InterfaceError):
        _undo_partial_writes(context)
    return Response({"detail": spoken.detail}, status=spoken.status, headers=spoken.headers)


def spoken_error(error: Exception, what_was_sent: Callable[[], tuple[Any, tuple[str]]]) -> Spoken | None:
    """The same for whoever answers without REST framework's views. ``what_was_sent``: the values and their place."""
    if isinstance(error, OperationalError | InterfaceError):
        return DATABASE_IS_AWAY
    known = _as_api_exception(error)
    if known is None:
        return None
    if isinstance(known, Unprocessable):
        return Spoken(422, known.errors, {})
    if isinstance(known, exceptions.ValidationError):
        return Spoken(422, list(error_items(known.get_full_details(), *what_was_sent())), {})
    headers = {"WWW-Authenticate": "Bearer"} if known.status_code == 401 else {}
    if getattr(known, "wait", None) is not None:
        headers["Retry-After"] = str(math.ceil(known.wait))  # type: ignore[attr-defined]
    return Spoken(known.status_code, known.detail, headers)


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Refusal):
        return _spoken(error)
    if isinstance(error, DjangoValidationError | IntegrityError) and (sentence := taken_values(error)):
        return Conflict(sentence)
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(_in_spoken_names(get_error_detail(error)))
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError("The body cannot be read.")
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    return error if isinstance(error, exceptions.APIException) else None


def _spoken(refusal: Refusal) -> exceptions.APIException:
    known = exceptions.APIException(refusal.message)
    known.status_code = refusal.status_code
    known.wait = refusal.wait  # type: ignore[attr-defined]
    return known


def _in_spoken_names(details: Any) -> Any:
    """Services speak of a model's fields; the caller knows them in camelCase."""
    if not isinstance(details, dict):
        return details
    return {name if name == NON_FIELD_ERRORS else camel_case(name): inner for name, inner in details.items()}


def _what_was_sent(context: dict[str, Any]) -> tuple[Any, tuple[str]]:
    request = context["request"]
    if request.method in SAFE_METHODS:
        return request.query_params, ("query",)
    sent = getattr(request, "_full_data", Empty)
    return None if sent is Empty else sent, ("body",)


def _undo_partial_writes(context: dict[str, Any]) -> None:
    """A refused request leaves nothing behind; views that commit by themselves have nothing to undo."""
    if not getattr(type(context["view"]).dispatch, "_non_atomic_requests", None):
        set_rollback()


def _harmless(sent: Any) -> Any:
    """An error about a body as a whole shows it, without what nobody else may read."""
    return {name: sent[name] for name in sent if name not in SECRET_FIELDS} if isinstance(sent, dict) else sent


def error_items(details: Any, sent: Any, location: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    """Flatten REST framework's nested details to items of type, loc, msg and input."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        code = "missing" if details["code"] == "required" else details["code"]
        yield {"type": code, "loc": list(location), "msg": str(details["message"]), "input": _harmless(sent)}
    elif isinstance(details, dict):
        for name, inner in details.items():
            if name in (NON_FIELD_ERRORS, "non_field_errors"):
                yield from error_items(inner, sent, location)
            else:
                value = sent.get(name) if isinstance(sent, dict) and name not in SECRET_FIELDS else None
                yield from error_items(inner, value, (*location, name))
    else:
        for index, inner in enumerate(details):
            is_message = isinstance(inner, dict) and set(inner) == {"message", "code"}
            if is_message or not isinstance(sent, list):
                yield from error_items(inner, sent, location)
            elif inner:
                yield from error_items(inner, sent[index] if index < len(sent) else None, (*location, index))
