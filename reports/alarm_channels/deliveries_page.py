"""What was sent about alarms, to whom, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from alerts.api.deliveries import DELIVERY
from alerts.deliveries.services import send_again
from alerts.deliveries.tasks import send_deliveries_of_clinic
from alerts.models import Channel, Delivery
from audit.services import record_look
from patients.models import Patient
from reports.alarm_channels.warning import CHANGE
from reports.alarm_channels.wording import REASONS, STATES, recipient_of
from reports.named_rows import row_named
from tenancy.api.lookups import possible_uuid
from tenancy.tasks import send_task_after_commit

VIEW = "alerts.view_delivery"
SIZE = 50
NOT_TAKEN = "not-taken"
SHOWS: dict[str, str] = {
    "": "All messages",
    NOT_TAKEN: "Failed or given up",
    **{state.value: words for state, (words, _) in STATES.items()},
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address asks for; anything unknown falls back to the default."""

    show: str
    channel: uuid.UUID | None
    alarm: uuid.UUID | None
    patient: str
    before: uuid.UUID | None

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Choices:
        show = sent.get("show", "")
        return cls(
            show=show if show in SHOWS else "",
            channel=possible_uuid(sent.get("channel", "")),
            alarm=possible_uuid(sent.get("alarm", "")),
            patient=sent.get("patient", "").replace("\x00", "").strip()[:50],
            before=possible_uuid(sent.get("before", "")),
        )

    def query(self) -> str:
        named = {"show": self.show, "channel": self.channel, "alarm": self.alarm, "patient": self.patient}
        return urlencode({name: value for name, value in named.items() if value})


@require_http_methods(["GET", "HEAD", "POST"])
def deliveries_page(request: HttpRequest) -> HttpResponse:
    may = request.user.has_perm
    if not may(VIEW) or (request.method == "POST" and not may(CHANGE)):
        raise PermissionDenied
    if request.method == "POST":
        return _send_again(request)
    choices = Choices.of(request.GET)
    found = list(_chosen(choices)[: SIZE + 1])
    page = found[:SIZE]
    rows = [(row, recipient_of(row), REASONS[row.reason], *STATES[row.state]) for row in page]
    record_look(kind=DELIVERY, patient_ids=sorted({row.patient_id for row in page if row.patient_id is not None}))
    context = {
        **admin.site.each_context(request),
        "title": "Messages about alarms",
        "choices": choices,
        "query": choices.query(),
        "shows": SHOWS,
        "channels": list(Channel.objects.standing()),
        "rows": rows,
        "older": f"{choices.query()}&before={page[-1].public_id}" if len(found) > SIZE else "",
        "is_filtered": bool(choices.query()) or choices.before is not None,
        "may_change": may(CHANGE),
    }
    return TemplateResponse(request, "workplace/channel_deliveries.html", context)


@require_safe
def delivery_page(request: HttpRequest, delivery: uuid.UUID) -> HttpResponse:
    """With the message as it was handed over, which only those reach who may see the patient."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    row: Delivery = row_named(_all(), str(delivery), "idempotency_key")
    record_look(kind=DELIVERY, object_id=str(row.public_id), patient_id=row.patient_id)
    words, colour = STATES[Delivery.State(row.state)]
    context = {
        **admin.site.each_context(request),
        "title": "Message about an alarm",
        "row": row,
        "recipient": recipient_of(row),
        "reason": REASONS[Delivery.Reason(row.reason)],
        "words": words,
        "colour": colour,
        "may_change": request.user.has_perm(CHANGE),
    }
    return TemplateResponse(request, "workplace/channel_delivery.html", context)


def _all() -> Any:
    return Delivery.objects.select_related("episode", "patient", "member", "channel")


def _chosen(choices: Choices) -> Any:
    found = _all().order_by("-created_at", "-id")
    if choices.show:
        found = found.not_taken() if choices.show == NOT_TAKEN else found.filter(state=choices.show)
    if choices.channel:
        found = found.filter(channel__public_id=choices.channel)
    if choices.alarm:
        found = found.filter(episode__public_id=choices.alarm)
    if choices.patient:
        found = found.filter(patient__in=Patient.objects.with_code(choices.patient))
    last = Delivery.objects.filter(idempotency_key=choices.before).first() if choices.before else None
    if last is not None:
        found = found.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk))
    return found


def _send_again(request: HttpRequest) -> HttpResponse:
    delivery: Delivery = row_named(Delivery.objects.all(), request.POST.get("delivery", ""), "idempotency_key")
    try:
        with transaction.atomic():
            send_again(delivery=delivery)
            send_task_after_commit(send_deliveries_of_clinic)
        messages.success(request, "It is sent again. The same person gets it, with the same number.")
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return HttpResponseRedirect(f"{reverse('admin:alarm_deliveries')}?{Choices.of(request.GET).query()}")
