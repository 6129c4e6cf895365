"""The test button: answers on the page that is open, or goes back to it where there is no JavaScript."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Membership
from alerts.deliveries.trying import try_channel
from alerts.models import Channel, Delivery
from reports.alarm_channels.warning import CHANGE
from reports.alarm_channels.wording import standing_of
from reports.clinic_forms import refusal_of_another_clinics_form
from reports.named_rows import row_named


@transaction.non_atomic_requests
@require_POST
def trial_view(request: HttpRequest, channel: uuid.UUID) -> HttpResponse:
    if not admin.site.has_permission(request):
        return HttpResponseRedirect(f"{reverse('admin:login')}?next={reverse('admin:alarm_channels')}")
    with transaction.atomic():
        if elsewhere := refusal_of_another_clinics_form(request):
            return elsewhere.render()  # type: ignore[attr-defined,no-any-return]
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        found: Channel = row_named(Channel.objects.standing(), str(channel))
        principal: Any = request.principal  # type: ignore[attr-defined]
        asked_by = Membership.objects.filter(pk=principal.membership_id).first()
    try:
        delivery = try_channel(channel=found, asked_by=asked_by)
        was_taken, sentence = delivery.state == Delivery.State.SENT, delivery.result
    except ValidationError as refusal:
        was_taken, sentence = False, " ".join(refusal.messages)
    with transaction.atomic():
        found.refresh_from_db()
    return _answer(request, found, was_taken=was_taken, sentence=sentence)


def _answer(request: HttpRequest, channel: Channel, *, was_taken: bool, sentence: str) -> HttpResponse:
    if "application/json" not in request.headers.get("Accept", ""):
        (messages.success if was_taken else messages.error)(request, f"{channel.name}: {sentence}")
        return HttpResponseRedirect(reverse("admin:alarm_channels"))
    standing = standing_of(channel, timezone.now())
    told = {
        "wasTaken": was_taken,
        "result": sentence,
        "word": standing.word,
        "colour": standing.colour,
        "sentence": standing.sentence,
    }
    return JsonResponse(told, headers={"Cache-Control": "no-store"})
