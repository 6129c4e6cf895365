from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class PrincipalAuthentication(BaseAuthentication):
    """Returns the principal that the middleware found; it was resolved there, before the clinic's scope began."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        principal = getattr(request._request, "principal", None)
        return (principal, None) if principal is not None else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
