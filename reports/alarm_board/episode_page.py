"""One alarm: what was measured, every step, who was told, and what people say about it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Membership
from accounts.roles import PERMISSIONS
from alerts.models import Episode
from alerts.services.acting import ACTING
from alerts.services.acts import LONGEST_NOTE, Verdict
from audit.services import record_look
from reports.alarm_board.access import VIEWING, membership_id, require
from reports.alarm_board.page import EPISODE
from reports.alarm_board.rows import rows_of
from reports.alarm_board.steps import deliveries_of, steps_of, verdict_of
from reports.alarm_board.wording import DOSING
from reports.alarm_timeline import pictures
from reports.charts.trace import Window
from reports.clinic import current_clinic
from reports.named_rows import row_named

BEFORE, AFTER, LONGEST_SHOWN = timedelta(hours=3), timedelta(hours=1), timedelta(days=3)
MOST_DELIVERIES = 200
ACTING_ROLES = [role for role, permissions in PERMISSIONS.items() if ACTING in permissions]


@require_safe
def episode_page(request: HttpRequest, alarm: uuid.UUID) -> HttpResponse:
    require(request, VIEWING)
    found = Episode.objects.select_related("patient", "acknowledged_by", "assigned_to")
    episode = row_named(found, str(alarm))
    record_look(kind=EPISODE, object_id=str(episode.public_id), patient_id=episode.patient_id)
    now, clinic, member_id = timezone.now(), current_clinic(request), membership_id(request)
    may_act = request.user.has_perm(ACTING) and member_id is not None
    is_alarm = episode.confirmed_at is not None
    context = {
        **admin.site.each_context(request),
        "title": episode.rule_name,
        "episode": episode,
        "row": rows_of([episode], clinic, member_id=member_id, now=now)[0] if is_alarm else None,
        "pictures": pictures(request, episode.patient, _window(episode), [episode], name="alarm"),
        "steps": steps_of(episode, clinic.glucose_unit, now),
        "deliveries": deliveries_of(episode, now, MOST_DELIVERIES),
        "may_act": may_act and is_alarm,
        "members": _members() if may_act else [],
        "verdicts": Verdict.choices,
        "verdict": verdict_of(episode),
        "longest": LONGEST_NOTE,
        "dosing": DOSING,
        "own_id": member_id,
    }
    return TemplateResponse(request, "workplace/alarm.html", context)


def _members() -> list[Membership]:
    """Who may act; the service refuses those who may not see the patient."""
    return list(Membership.objects.active().filter(role__in=ACTING_ROLES).order_by("name")[:500])


def _window(episode: Episode) -> Window:
    until = min(timezone.now(), (episode.ended_at or timezone.now()) + AFTER)
    since = episode.opened_at - BEFORE
    return Window(max(since, until - LONGEST_SHOWN), until, episode.patient.zone)
