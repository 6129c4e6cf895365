"""Which web pages may open a stream. Browsers let every page open a WebSocket anywhere: only we can refuse."""

from __future__ import annotations

from django.conf import settings
from rest_framework.exceptions import PermissionDenied

from edge.requests import Request
from tenancy.origins import origin_is_allowed


def refuse_foreign_origin(request: Request) -> None:
    """Raises PermissionDenied. Who sends no origin is no web page, or one of ours that reads over HTTP."""
    origin = request.headers.get("origin", "")
    if origin and not origin_is_allowed(origin) and not _is_ours(origin, request.headers.get("host", "")):
        raise PermissionDenied("Web pages of this origin may not listen.")


def _is_ours(origin: str, host: str) -> bool:
    """The host was compared with ALLOWED_HOSTS before."""
    return origin == f"https://{host}" or (not settings.SECURE_SSL_REDIRECT and origin == f"http://{host}")
