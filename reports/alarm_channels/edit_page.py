"""A channel's own form, by its kind."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.fresh_sign_in import fresh_sign_in_required_to_post
from alerts.deliveries.channels import KINDS
from alerts.deliveries.services import change_channel, create_channel, remove_channel
from alerts.deliveries.setup import SettingsRefused
from alerts.models import Channel
from reports.alarm_channels.forms import ChannelForm
from reports.alarm_channels.warning import CHANGE
from reports.named_rows import row_named


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def new_page(request: HttpRequest, channel_kind: str) -> HttpResponse:
    _refuse_others(request)
    if channel_kind not in KINDS:
        raise Http404
    form = ChannelForm(channel_kind, None, request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := _saved(form, None)):
        messages.success(request, "The channel is set up. Test it, then name who is told by it.")
        return HttpResponseRedirect(reverse("admin:alarm_channel", args=[made.public_id]))
    return _page(request, form, None, f"New channel: {Channel.Kind(channel_kind).label}")


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def edit_page(request: HttpRequest, channel: uuid.UUID) -> HttpResponse:
    _refuse_others(request)
    found: Channel = row_named(Channel.objects.standing(), str(channel))
    if request.POST.get("action") == "remove":
        return _removed(request, found)
    form = ChannelForm(found.kind, found, request.POST or None)
    if request.method == "POST" and form.is_valid() and _saved(form, found):
        messages.success(request, "Saved. Test it once more.")
        return HttpResponseRedirect(request.path)
    return _page(request, form, found, found.name)


def _refuse_others(request: HttpRequest) -> None:
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied


def _saved(form: ChannelForm, channel: Channel | None) -> Channel | None:
    name, settings = form.cleaned_data["name"], form.settings()
    try:
        with transaction.atomic():
            if channel is None:
                return create_channel(kind=form.kind, name=name, settings=settings)
            changes: dict[str, Any] = {"name": name, "is_on": form.cleaned_data["is_on"], "settings": settings}
            return change_channel(channel=channel, changes=changes)
    except SettingsRefused as refused:
        form.add_problems(refused.problems)
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
    return None


def _removed(request: HttpRequest, channel: Channel) -> HttpResponse:
    try:
        with transaction.atomic():
            remove_channel(channel=channel)
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
        return HttpResponseRedirect(request.path)
    messages.success(request, f"{channel.name} was removed. What was sent by it stays in the list of messages.")
    return HttpResponseRedirect(reverse("admin:alarm_channels"))


def _page(request: HttpRequest, form: ChannelForm, channel: Channel | None, title: str) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": title,
        "form": form,
        "channel": channel,
        "kind": Channel.Kind(form.kind).label,
        "may_change": True,
    }
    return TemplateResponse(request, "workplace/channel_edit.html", context)
