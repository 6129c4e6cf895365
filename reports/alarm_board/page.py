"""The board, and the part of it that is fetched anew while it is open. Both are made of the same template."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.browser_sessions.engine import SIGNED_IN_AT, moment
from accounts.browser_sessions.services import IDLE, LONGEST
from alerts.models import Episode, EpisodeQuerySet
from alerts.services.acting import ACTING
from audit.services import record_look
from reports.alarm_board.access import VIEWING, membership_id, require
from reports.alarm_board.audible import heard_by, totals
from reports.alarm_board.badge import badge_words
from reports.alarm_board.choices import SEVERITIES, STATES, WHOSE, Choices
from reports.alarm_board.rows import Row, rows_of
from reports.alarm_board.wording import DOSING
from reports.clinic import current_clinic

SIZE = 50
MOST_ENDED = 20
ENDED_WITHIN = timedelta(hours=24)
# What the page's script sends, so that a page of one clinic is never filled with the alarms of another.
CLINIC_HEADER = "X-Clinic"
EPISODE = "alerts.episode"


@require_safe
def board_page(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    context = {
        **admin.site.each_context(request),
        "title": "Alarms",
        "severities": SEVERITIES,
        "whose": WHOSE,
        "states": STATES,
        **_board(request),
    }
    return TemplateResponse(request, "workplace/alarm_board.html", context)


@require_safe
def board_part(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    if request.headers.get(CLINIC_HEADER, "") != request.principal.organization_code:  # type: ignore[attr-defined]
        return HttpResponse("You work in another clinic now. Please load the page anew.", status=409)
    return TemplateResponse(request, "workplace/alarm_board_part.html", _board(request))


def _board(request: HttpRequest) -> dict[str, Any]:
    now, clinic, member_id = timezone.now(), current_clinic(request), membership_id(request)
    choices = Choices.of(request.GET)
    people = ("patient", "acknowledged_by", "assigned_to")
    page = Paginator(choices.episodes(member_id).select_related(*people), SIZE).get_page(choices.page)
    ended = list(_recently_ended(now).select_related(*people)[: MOST_ENDED + 1])
    rows = rows_of([*page, *ended[:MOST_ENDED]], clinic, member_id=member_id, now=now)
    record_look(kind=EPISODE, patient_ids=sorted({row.episode.patient_id for row in rows}))
    counted = totals()
    return {
        "rows": rows[: len(page)],
        "ended": rows[len(page) :],
        "has_more_ended": len(ended) > MOST_ENDED,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "choices": choices,
        "totals": counted,
        "hidden": max(counted.open - page.paginator.count, 0),
        "heard": heard_by(member_id, clinic, now),
        "badge": badge_words(),
        "own_id": member_id,
        "may_act": request.user.has_perm(ACTING) and member_id is not None,
        "dosing": DOSING,
        "made_at": now,
        "signed_in_until": signed_in_until(request),
        "query": request.GET.urlencode(),
        "summary": _summary(rows[: len(page)], counted.open),
    }


def _recently_ended(now: datetime) -> EpisodeQuerySet:
    """Opened within a month: a board need not look through years for what ended today."""
    ended: EpisodeQuerySet = Episode.objects.confirmed().filter(
        state=Episode.State.RESOLVED, ended_at__gte=now - ENDED_WITHIN, opened_at__gte=now - timedelta(days=30)
    )
    return ended.order_by("-ended_at", "-id")


def _summary(rows: list[Row], count: int) -> str:
    if not count:
        return "No open alarms."
    return f"{count} open alarm{'' if count == 1 else 's'}."


def signed_in_until(request: HttpRequest) -> datetime:
    """When the browser is signed out, if nobody uses it until then."""
    session: Any = request.session
    begun = moment(session, SIGNED_IN_AT) or timezone.now()
    seen = session.last_seen_at or timezone.now()
    return min(begun + LONGEST, seen + IDLE)
