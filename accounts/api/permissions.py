from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.firebase import names_firebase
from accounts.principals import PersonPrincipal
from tenancy.api.routing import DEVICE, PUBLIC, SIGNED_IN, Route

MISSING_KEY = "Missing API key. Please include X-API-Key header."
INVALID_KEY = "Invalid API key. Please check your X-API-Key header."
NO_CREDENTIALS = "Please sign in: send Authorization: Bearer <access token>."
INVALID_TOKEN = "The access token is invalid or has expired. Please sign in again."  # noqa: S105  a sentence

FIREBASE_ELSEWHERE = "This is a Firebase ID token. Exchange it for an access token: POST /api/v1/auth/firebase."


class RoutePermission(BasePermission):
    """Whether the principal may call this method of this route: read from the route, denied where it says nothing."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        return may_call(view.route, method, getattr(request._request, "principal", None), request.headers)


def may_call(route: Route | None, method: str, principal: Any, headers: Mapping[str, str]) -> bool:
    """``headers``: found whatever their case. Raises MethodNotAllowed, NotAuthenticated and AuthenticationFailed."""
    if route is None or method not in route.access:
        raise MethodNotAllowed(method)
    allowed = route.access[method].split("|")
    if PUBLIC in allowed:
        return True
    if principal is None:
        raise _unknown_caller(headers, allowed)
    if isinstance(principal, PersonPrincipal):
        if allowed == [DEVICE]:
            raise AuthenticationFailed(INVALID_KEY)
        return SIGNED_IN in allowed or any(principal.may(name) for name in allowed)
    if DEVICE not in allowed:
        raise AuthenticationFailed(INVALID_TOKEN)
    return True


def _unknown_caller(headers: Mapping[str, str], allowed: list[str]) -> Exception:
    key, credential = headers.get("x-api-key"), headers.get("authorization")
    sent = key is not None or credential is not None
    if DEVICE in allowed and (key is not None or allowed == [DEVICE]):
        return AuthenticationFailed(INVALID_KEY) if sent else NotAuthenticated(MISSING_KEY)
    if names_firebase((credential or "").partition(" ")[2].strip()):
        return AuthenticationFailed(FIREBASE_ELSEWHERE)
    return AuthenticationFailed(INVALID_TOKEN) if sent else NotAuthenticated(NO_CREDENTIALS)
