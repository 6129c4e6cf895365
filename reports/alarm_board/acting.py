"""What the buttons do: each is one act of alerts.services, told in a sentence. A refusal is a sentence as well."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Membership
from alerts.models import Episode
from alerts.services import acts
from alerts.services.acting import ACTING
from reports.alarm_board.access import acting_member, require
from reports.alarm_board.wording import clock_words
from reports.named_rows import row_named


@dataclass(frozen=True, slots=True)
class Outcome:
    sentence: str
    is_refused: bool = False


@require_POST
def act_view(request: HttpRequest, alarm: uuid.UUID) -> HttpResponse:
    require(request, ACTING)
    member = acting_member(request)
    episode = row_named(Episode.objects.select_related("patient"), str(alarm))
    outcome = _outcome(request, episode, member)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"message": outcome.sentence, "refused": outcome.is_refused})
    (messages.error if outcome.is_refused else messages.success)(request, outcome.sentence)
    return HttpResponseRedirect(_way_back(request, episode))


def _outcome(request: HttpRequest, episode: Episode, member: Membership) -> Outcome:
    act = ACTS.get(request.POST.get("action", ""))
    if act is None:
        raise Http404
    try:
        with transaction.atomic():
            return Outcome(act(request, episode, member))
    except ValidationError as refusal:
        return Outcome(" ".join(refusal.messages), is_refused=True)


def _way_back(request: HttpRequest, episode: Episode) -> str:
    if request.POST.get("back") == "alarm":
        return reverse("admin:alarm", args=[episode.public_id])
    return reverse("admin:alarms")


def _text(request: HttpRequest, name: str) -> str:
    # PostgreSQL takes no NUL in a text.
    return request.POST.get(name, "").replace("\x00", "").strip()


def _acknowledge(request: HttpRequest, episode: Episode, member: Membership) -> str:
    found = acts.acknowledge(episode=episode, member=member, note=_text(request, "note"))
    if found.acknowledged_by_id == member.pk:
        return "You have acknowledged this alarm: nobody else is called."
    first = found.acknowledged_by.name if found.acknowledged_by else "Somebody"
    when = clock_words(found.acknowledged_at) if found.acknowledged_at else "before"
    return f"{first} acknowledged this alarm first, at {when}."


def _snooze(request: HttpRequest, episode: Episode, member: Membership) -> str:
    minutes = request.POST.get("minutes", "")
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= 4):
        raise ValidationError("Choose for how many minutes.")
    acts.snooze(episode=episode, member=member, minutes=int(minutes))
    until = clock_words(timezone.now() + timedelta(minutes=int(minutes)))
    return f"You hear nothing of this alarm until {until}. Everybody else still does."


def _take(request: HttpRequest, episode: Episode, member: Membership) -> str:
    acts.assign(episode=episode, member=member, to=member)
    return "This alarm is assigned to you."


def _assign(request: HttpRequest, episode: Episode, member: Membership) -> str:
    chosen = request.POST.get("member", "")
    to = row_named(Membership.objects.active(), chosen, "user_public_id") if chosen else None
    acts.assign(episode=episode, member=member, to=to)
    return f"This alarm is assigned to {to.name}." if to else "This alarm is assigned to nobody."


def _comment(request: HttpRequest, episode: Episode, member: Membership) -> str:
    acts.comment(episode=episode, member=member, text=_text(request, "text"))
    return "Your comment stands with the alarm."


def _resolve(request: HttpRequest, episode: Episode, member: Membership) -> str:
    acts.resolve(episode=episode, member=member, reason=_text(request, "reason"))
    return "The alarm has ended. Its rule alarms again after it has become untrue."


def _review(request: HttpRequest, episode: Episode, member: Membership) -> str:
    if episode.is_open:
        raise ValidationError("Review an alarm after it has ended.")
    acts.review(
        episode=episode,
        member=member,
        verdict=request.POST.get("verdict", ""),
        note=_text(request, "note"),
    )
    return "Your review counts in the statistics."


ACTS: dict[str, Callable[[HttpRequest, Episode, Membership], str]] = {
    "acknowledge": _acknowledge,
    "snooze": _snooze,
    "take": _take,
    "assign": _assign,
    "comment": _comment,
    "resolve": _resolve,
    "review": _review,
}
