from __future__ import annotations

from http import HTTPMethod
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django_structlog.middlewares import RequestMiddleware

from accounts.principals import PersonPrincipal
from tenancy.addresses import client_address
from tenancy.request_ids import request_id_of

_METHODS = frozenset(HTTPMethod)


class RequestLog(RequestMiddleware):
    """A line for each request, by route: paths and queries name patients, and one of them is a one-use secret."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_of(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.META["HTTP_X_REQUEST_ID"] = request_id
        response: Any = super().__call__(request)
        response.headers["X-Request-ID"] = request_id
        return response  # type: ignore[no-any-return]

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{known_method(request)} {_route(request)}"

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """The library's own takes the word of whoever sends X-Forwarded-For."""
        structlog.contextvars.bind_contextvars(ip=client_address(request))

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """From the principal: ``request.user`` would ask the database, also where nothing else does."""
        principal = getattr(request, "principal", None)
        if isinstance(principal, PersonPrincipal):
            structlog.contextvars.bind_contextvars(user_id=str(principal.user_public_id))


def known_method(request: HttpRequest) -> str:
    """One of a few words: a client can make up as many methods as it likes, each a new line of metrics."""
    return request.method if request.method in _METHODS else "other"


def _route(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).route
    except Resolver404:
        return "unknown"
