"""The browser as a listener: a ticket for a member of the staff who is signed in to the workplace."""

from __future__ import annotations

import redis
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from accounts.stream_tickets import TICKET_SECONDS, issue_to_browser
from reports.alarm_board.access import VIEWING, require


@require_POST
def ticket_view(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    principal = request.principal  # type: ignore[attr-defined]
    try:
        origin = request.headers.get("Origin", "")
        key = str(request.session.session_key)
        ticket = issue_to_browser(principal=principal, session_key=key, origin=origin)
    except redis.RedisError:
        sentence = "Live streams are not available at the moment. Please try again."
        return JsonResponse({"detail": sentence}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"ticket": ticket, "expiresIn": TICKET_SECONDS}, status=201)
