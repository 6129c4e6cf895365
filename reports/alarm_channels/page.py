"""By what, and by whom: the clinic's channels and contacts of alarms."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.fresh_sign_in import fresh_sign_in_required_to_post
from alerts.deliveries.services import change_contact, create_contact, remove_contact
from alerts.models import Channel, Contact
from alerts.models.delivery import LAST_LEVEL
from reports.alarm_channels.forms import ContactForm
from reports.alarm_channels.warning import CHANGE, channel_warnings
from reports.alarm_channels.wording import LEVELS, recipient_of, standing_of
from reports.named_rows import row_named

VIEW = "alerts.view_channel"


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def channels_page(request: HttpRequest) -> HttpResponse:
    may = request.user.has_perm
    if not may(VIEW) or (request.method == "POST" and not may(CHANGE)):
        raise PermissionDenied
    is_new = request.POST.get("action") == "add"
    form = ContactForm(request.POST if is_new else None)
    if request.method == "POST" and (_add(form) if is_new else _act(request)):
        return HttpResponseRedirect(reverse("admin:alarm_channels"))
    now = timezone.now()
    channels = list(Channel.objects.standing())
    contacts = list(Contact.objects.select_related("member", "channel", "group"))
    context = {
        **admin.site.each_context(request),
        "title": "Alarm channels",
        "warnings": channel_warnings(request),
        "channels": [(channel, standing_of(channel, now), _told_by(channel, contacts)) for channel in channels],
        "levels": [(level, words, _at(level, contacts)) for level, words in LEVELS.items()],
        "last_level": LAST_LEVEL,
        "kinds": Channel.Kind.choices,
        "form": form,
        "may_change": may(CHANGE),
    }
    return TemplateResponse(request, "workplace/channel_list.html", context)


def _told_by(channel: Channel, contacts: list[Contact]) -> int:
    return sum(contact.channel_id == channel.pk for contact in contacts)


def _at(level: int, contacts: list[Contact]) -> list[tuple[Contact, str, str]]:
    """With what stands in the way of telling them."""
    return [(one, recipient_of(one), _obstacle(one)) for one in contacts if one.position == level]


def _obstacle(contact: Contact) -> str:
    if contact.member is not None and not contact.member.is_active:
        return "is no member any more"
    if contact.channel is None or contact.channel.health not in (Channel.Health.OFF, Channel.Health.DEAD):
        return ""
    return "the channel is switched off" if contact.channel.health == Channel.Health.OFF else "the channel is dead"


def _add(form: ContactForm) -> bool:
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            create_contact(**form.chosen())
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        return False
    return True


def _act(request: HttpRequest) -> bool:
    contact: Contact = row_named(Contact.objects.all(), request.POST.get("contact", ""))
    action = request.POST.get("action")
    try:
        with transaction.atomic():
            if action == "remove":
                remove_contact(contact=contact)
            else:
                _move(contact, -1 if action == "earlier" else 1)
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
    return True


def _move(contact: Contact, by: int) -> None:
    changes: dict[str, Any] = {"position": min(max(contact.position + by, 0), LAST_LEVEL)}
    change_contact(contact=contact, changes=changes)
