"""Budgets against abuse, for every request that reaches a view: by person, by device key, or by address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.plans.api_requests import allow_request
from accounts.principals import PersonPrincipal
from glucose_platform.error_pages import API_PREFIX
from tenancy.addresses import limited_address
from tenancy.limits import allow, refusal_sentence, retry_after
from tenancy.scope import current_organization_id

# Nobody who calls for help is told to wait. It opens one alarm at most, and a call a minute adds to it.
EMERGENCY = re.compile(r"/api/v1/patients/[^/]+/emergency\Z")
# Asked every few seconds, by programs that take a refusal for a failure.
UNLIMITED = {"/health", "/livez", "/readyz", "/api/v1/health"}
READS = ("GET", "HEAD", "OPTIONS")
# Whoever is not signed in guesses passwords and codes here, and nowhere else. Not /auth/refresh: every phone of a
# clinic's network comes there each ten minutes, with a secret that nobody guesses.
SIGN_IN = ("/api/v1/auth/", "/admin/", "/account/")
REFRESH = "/api/v1/auth/refresh"


def limit_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Behind the middleware that finds out who asks."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path in UNLIMITED or _calls_for_help(request):
            return get_response(request)
        wait = allow(*_budget(request)) or _plans_budget(request)
        return get_response(request) if wait is None else _refusal(request, wait)

    return middleware


def _calls_for_help(request: HttpRequest) -> bool:
    is_person = isinstance(getattr(request, "principal", None), PersonPrincipal)
    return is_person and request.method == "POST" and EMERGENCY.match(request.path) is not None


def _budget(request: HttpRequest) -> tuple[Any, ...]:
    principal = getattr(request, "principal", None)
    is_read = request.method in READS
    if principal is None:
        guesses = not is_read and request.path.startswith(SIGN_IN) and request.path != REFRESH
        return ("sign_in" if guesses else "public", limited_address(request))
    if isinstance(principal, PersonPrincipal):
        return ("reads" if is_read else "writes", "person", principal.organization_id, principal.user_id)
    return ("reads" if is_read else "device_writes", "key", principal.organization_id, principal.key_id)


def _plans_budget(request: HttpRequest) -> float | None:
    """Of the clinic's plan, for programs that people let in. Pages and device keys have none."""
    is_program = (
        isinstance(getattr(request, "principal", None), PersonPrincipal) and current_organization_id() is not None
    )
    return allow_request() if is_program and request.path.startswith(API_PREFIX) else None


def _refusal(request: HttpRequest, wait: float) -> HttpResponse:
    seconds = retry_after(wait)
    sentence = refusal_sentence(wait)
    headers = {"Retry-After": seconds, "Cache-Control": "no-store"}
    if request.path.startswith(API_PREFIX):
        return JsonResponse({"detail": sentence}, status=429, headers=headers)
    return HttpResponse(sentence, status=429, content_type="text/plain; charset=utf-8", headers=headers)
