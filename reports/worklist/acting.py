"""What the buttons of the list do: each is one act of a service, told in a sentence, and so is a refusal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from accounts.models import Membership
from patients.models import Patient
from reports.alarm_board.access import acting_member, membership_id, require
from reports.alarm_board.acting import Outcome
from reports.models import SavedView
from reports.named_rows import row_named
from reports.worklist import services, views
from reports.worklist.choices import Choices
from reports.worklist.page import address_of
from reports.worklist.services import ACTING
from reports.worklist.words import day_words


@require_POST
def act_view(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    require(request, ACTING)
    member = acting_member(request)
    found: Patient = row_named(Patient.objects.current(), str(patient))
    outcome = _outcome(request, found, member)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"message": outcome.sentence, "refused": outcome.is_refused})
    (messages.error if outcome.is_refused else messages.success)(request, outcome.sentence)
    if request.POST.get("back") == "patient":
        return HttpResponseRedirect(reverse("admin:worklist_patient", args=[found.public_id]))
    return HttpResponseRedirect(_way_back(request))


@require_POST
def views_view(request: HttpRequest) -> HttpResponse:
    require(request, ACTING)
    member = acting_member(request)
    try:
        with transaction.atomic():
            sentence = _change_views(request, member)
        messages.success(request, sentence)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return HttpResponseRedirect(_way_back(request))


def _change_views(request: HttpRequest, member: Membership) -> str:
    if request.POST.get("action") == "remove":
        open_to = SavedView.objects.open_to(membership_id(request))
        view: SavedView = row_named(open_to, request.POST.get("view", ""))
        views.remove_view(view=view, member=member)
        return f"The view {view.name} was removed."
    shared = request.POST.get("shared") == "on"
    view = views.save_view(member=member, name=_text(request, "name"), choices=_shown(request).kept, is_shared=shared)
    return f"The view {view.name} was saved{' for everybody in the clinic' if shared else ''}."


def _outcome(request: HttpRequest, patient: Patient, member: Membership) -> Outcome:
    act = ACTS.get(request.POST.get("action", ""))
    if act is None:
        raise Http404
    try:
        with transaction.atomic():
            return Outcome(act(request, patient, member))
    except ValidationError as refusal:
        return Outcome(" ".join(refusal.messages), is_refused=True)


def _seen(request: HttpRequest, patient: Patient, member: Membership) -> str:
    day = _day(request)
    state = services.mark_seen(patient=patient, member=member, note=_text(request, "note"), next_contact_on=day)
    today = timezone.localdate()
    rests = day_words(state.rests_until or today + timedelta(days=1), today)
    return f"{patient}: seen by you. Rests until {rests}, unless something new comes."


def _bring_back(request: HttpRequest, patient: Patient, member: Membership) -> str:
    services.bring_back(patient=patient, member=member)
    return f"{patient}: everything counts again."


def _take(request: HttpRequest, patient: Patient, member: Membership) -> str:
    services.assign(patient=patient, member=member, to=member)
    return f"{patient}: assigned to you."


def _assign(request: HttpRequest, patient: Patient, member: Membership) -> str:
    chosen = request.POST.get("member", "")
    to = row_named(Membership.objects.active(), chosen, "user_public_id") if chosen else None
    services.assign(patient=patient, member=member, to=to)
    return f"{patient}: assigned to {to.name if to else 'nobody'}."


def _plan(request: HttpRequest, patient: Patient, member: Membership) -> str:
    day = _day(request)
    services.plan_contact(patient=patient, member=member, on=day)
    if day is None:
        return f"{patient}: no contact is planned."
    return f"{patient}: next contact on {day_words(day, timezone.localdate())}."


def _day(request: HttpRequest) -> date | None:
    text = _text(request, "next_contact_on")
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ValidationError("Write the day as 2026-03-31.")
    return day


def _text(request: HttpRequest, name: str) -> str:
    # PostgreSQL takes no NUL in a text.
    return request.POST.get(name, "").replace("\x00", "").strip()


def _shown(request: HttpRequest) -> Choices:
    """Of the list as it was when somebody acted: only what the list itself understands comes back."""
    return Choices.of({name: str(value) for name, value in _query(request).items()})


def _query(request: HttpRequest) -> QueryDict:
    return QueryDict(request.POST.get("shown", "")[:2000])


def _way_back(request: HttpRequest) -> str:
    page = _query(request).get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    query = address_of(_shown(request), number)
    return reverse("admin:worklist") + (f"?{query}" if query else "")


ACTS: dict[str, Callable[[HttpRequest, Patient, Membership], str]] = {
    "seen": _seen,
    "bring-back": _bring_back,
    "take": _take,
    "assign": _assign,
    "plan": _plan,
}
