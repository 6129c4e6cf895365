"""What answers where no view does: to programs in the API's one form of an error, to people as a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from tenancy.api.errors import SERVER_ERROR

API_PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return _detail("The request cannot be read.", 400)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return _detail("Not found.", 404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return _detail(SERVER_ERROR, 500)
    return defaults.server_error(request)


def _detail(sentence: str, status: int) -> HttpResponse:
    return JsonResponse({"detail": sentence}, status=status, headers={"Cache-Control": "no-store"})
