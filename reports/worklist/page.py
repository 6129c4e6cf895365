"""The list as a page, the part of it that is fetched anew after each act, and a patient's own page of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Membership
from accounts.roles import PERMISSIONS
from audit.services import record_look
from patients.models import Patient
from reports.alarm_board.access import membership_id, require
from reports.clinic import current_clinic
from reports.models import SavedView
from reports.models.worklist import LONGEST_NOTE
from reports.named_rows import row_named
from reports.worklist.choices import ASSIGNED, REASON_NAMES, SHOWS, SORTS, ZONES, Choices
from reports.worklist.points import Reason
from reports.worklist.reading import WORKLIST, counts, current_ranking
from reports.worklist.rows import rows_of
from reports.worklist.services import ACTING, READING_NOTES, VIEWING, read_seen_acts
from reports.worklist.words import Clock

SIZE = 25
MOST_ACTS = 100
# More would make every line of the list carry the whole staff: then a patient's own page has the choice.
MOST_MEMBERS_IN_A_LINE = 30
ACTING_ROLES = [role for role, permissions in PERMISSIONS.items() if ACTING in permissions]


@require_safe
def worklist_page(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    context = {
        **admin.site.each_context(request),
        "title": "Worklist",
        "shows": SHOWS,
        "assigned": ASSIGNED,
        "reasons": {reason.value: REASON_NAMES[reason] for reason in Reason},
        "zones": ZONES,
        "sorts": SORTS,
        "views": saved_views(request),
        **_list(request),
    }
    return TemplateResponse(request, "workplace/worklist.html", context)


@require_safe
def worklist_part(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    return TemplateResponse(request, "workplace/worklist_part.html", _list(request))


@require_safe
def patient_page(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    require(request, VIEWING)
    found: Patient = row_named(Patient.objects.current(), str(patient))
    record_look(kind=WORKLIST, object_id=found.code, patient_id=found.pk)
    may_read = request.user.has_perm(READING_NOTES)
    now = timezone.now()
    clock = Clock(now, current_clinic(request).glucose_unit)
    context = {
        **admin.site.each_context(request),
        "title": str(found),
        "row": rows_of(current_ranking(now, only=found.pk), [0], clock)[0],
        "acts": read_seen_acts(patient=found, newest=MOST_ACTS) if may_read else None,
        "back": "patient",
        **acting_context(request),
        "members": acting_members(),
    }
    return TemplateResponse(request, "workplace/worklist_patient.html", context)


def _list(request: HttpRequest) -> dict[str, Any]:
    now, member_id = timezone.now(), membership_id(request)
    choices = Choices.of(request.GET)
    ranking = current_ranking(now)
    page = Paginator(choices.places(ranking, member_id).tolist(), SIZE).get_page(request.GET.get("page", "1"))
    rows = rows_of(ranking, list(page), Clock(now, current_clinic(request).glucose_unit))
    record_look(kind=WORKLIST, patient_ids=[row.patient.pk for row in rows])
    members = acting_members()[: MOST_MEMBERS_IN_A_LINE + 1]
    return {
        "choices": choices,
        "rows": rows,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "counts": counts(ranking),
        "everybody": len(ranking.facts),
        "made_at": now,
        "address": address_of(choices, page.number),
        "members": members if len(members) <= MOST_MEMBERS_IN_A_LINE else [],
        **acting_context(request),
    }


def acting_context(request: HttpRequest) -> dict[str, Any]:
    today, own_id = timezone.localdate(), membership_id(request)
    return {
        "may_act": request.user.has_perm(ACTING) and own_id is not None,
        "may_read": request.user.has_perm(READING_NOTES),
        "own_id": own_id,
        "longest": LONGEST_NOTE,
        "today": today,
        "tomorrow": today + timedelta(days=1),
    }


def acting_members() -> list[Membership]:
    """Who may look after a patient; the service refuses those who may not see this one."""
    return list(Membership.objects.active().filter(role__in=ACTING_ROLES).order_by("name")[:500])


def saved_views(request: HttpRequest) -> list[tuple[SavedView, str]]:
    """With the address of each."""
    views = SavedView.objects.open_to(membership_id(request))
    return [(view, urlencode(Choices.of(view.choices).kept)) for view in views]


def address_of(choices: Choices, page: int = 1) -> str:
    """The query of the list as it is shown."""
    shown = {**choices.kept, **({"q": choices.search} if choices.search else {})}
    return urlencode({**shown, "page": page} if page > 1 else shown)
