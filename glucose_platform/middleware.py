from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.access_tokens import read_access_token
from accounts.browser_sessions.principal import session_principal
from accounts.credentials import sent_credential
from accounts.principals import PersonPrincipal, signed_in_principal
from devices.authentication import DevicePrincipal, device_principal
from glucose_platform.error_pages import API_PREFIX
from glucose_platform.request_log import known_method
from tenancy import metrics, tracing
from tenancy.api.errors import DATABASE_AWAY
from tenancy.scope import scoped

GetResponse = Callable[[HttpRequest], HttpResponse]
# Answered without a look at who asks, so that they also work while the database is away.
WITHOUT_PRINCIPAL = {
    "/health",
    "/livez",
    "/readyz",
    "/metrics",
    "/api/v1/health",
    "/api/v1/system/version",
    "/.well-known/jwks.json",
}
# The link alone says whose password it sets, and where somebody is invited, whoever is signed in in this browser.
BY_LINK = ("/account/set-password/", "/account/confirm/", "/account/forgot-password/", "/account/invitation/")
# The body says who signs in; an older token beside it, perhaps of another clinic, must not set the scope.
BY_BODY = {
    f"/api/v1/auth/{name}"
    for name in (
        "login",
        "token",
        "refresh",
        "firebase",
        "register",
        "email/verify",
        "password/forgot",
        "password/reset",
        "invitations/accept",
        "invitations/decline",
    )
} | {"/api/v1/billing/stripe/webhook"}
# They leave the caller's clinic for another, or find it out by something else: they enter its scope themselves.
BETWEEN_CLINICS = {"/api/v1/auth/switch-organization", "/admin/support/enter/", "/auth/callback"}


def observe_requests(get_response: GetResponse) -> GetResponse:
    """Count and time requests by route, never by the path itself: paths name patients."""

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        route = match.route if match else "unknown"
        method = known_method(request)
        metrics.REQUESTS.labels(method, route, response.status_code).inc()
        seconds = time.perf_counter() - begun
        metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
        metrics.LAST_MINUTE.add()
        tracing.note_span(
            f"{method} {route}",
            seconds=seconds,
            attributes={"http.status": response.status_code, "request_id": response.headers.get("X-Request-ID", "")},
            parent=request.headers.get("traceparent", ""),
        )
        return response

    return middleware


def answer_when_the_database_is_away(get_response: GetResponse) -> GetResponse:
    """503 in words for what fails outside a REST view: the session, the principal, the begin of a transaction."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        return database_away() if isinstance(error, OperationalError | InterfaceError) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def database_away() -> HttpResponse:
    return JsonResponse({"detail": DATABASE_AWAY}, status=503, headers={"Retry-After": "5"})


def resolve_principal(get_response: GetResponse) -> GetResponse:
    """Find out who asks, and enter the scope of their clinic for the whole request.

    The clinic comes from the credential alone, never from a header, a path or a body.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request.principal = None  # type: ignore[attr-defined]
        if request.path in WITHOUT_PRINCIPAL | BY_BODY or request.path.startswith(("/static/", *BY_LINK)):
            return get_response(request)
        try:
            principal = _principal(request)
        except (OperationalError, InterfaceError):
            return database_away()
        request.principal = principal  # type: ignore[attr-defined]
        stays = principal is not None and request.path not in BETWEEN_CLINICS
        with scoped(principal.scope) if principal and stays else nullcontext():
            return get_response(request)

    return middleware


def _principal(request: HttpRequest) -> PersonPrincipal | DevicePrincipal | None:
    if request.path.startswith(API_PREFIX):
        return _credential_principal(request)
    return session_principal(request)


def _credential_principal(request: HttpRequest) -> PersonPrincipal | DevicePrincipal | None:
    """The session cookie is ignored here: a page elsewhere can make a browser send it."""
    credential = sent_credential(request.headers)
    if credential is None:
        return None
    if credential.kind == "token":
        return _token_principal(request, credential.text)
    return device_principal(credential.text)


def _token_principal(request: HttpRequest, token: str) -> PersonPrincipal | None:
    claims = read_access_token(token)
    if claims is None:
        return None
    request.sign_in_id = claims.family_id  # type: ignore[attr-defined]
    return signed_in_principal(claims)
