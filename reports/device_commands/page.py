"""What a device was told to do and what came of it, and the form that tells it more."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from devices.commands.models import DeviceCommand, Kind, Status
from devices.commands.rights import OPERATE, needs_an_operator
from devices.commands.services import cancel_command, from_template, order_command, retry_command
from devices.commands.steps import may_be_cancelled, may_become
from devices.models import Device
from reports.alarm_board.access import require
from reports.device_commands.forms import CommandForm, written
from reports.named_rows import row_named

VIEWING, SENDING, CHANGING = (f"devices.{word}_devicecommand" for word in ("view", "add", "change"))
SHOWN = 50
COLOURS = {
    Status.COMPLETED: "badge-in-range",
    Status.FAILED: "badge-low",
    Status.TIMEOUT: "badge-low",
}


@require_http_methods(["GET", "HEAD", "POST"])
def device_commands_page(request: HttpRequest, device: uuid.UUID) -> HttpResponse:
    require(request, VIEWING)
    found: Device = row_named(Device.objects, str(device))
    form = CommandForm(operates=request.user.has_perm(OPERATE))
    if request.method == "POST":
        action = request.POST.get("action")
        if action == "send":
            form = CommandForm(request.POST, operates=request.user.has_perm(OPERATE))
            done = _send(request, found, form)
        else:
            done = _change(request, found, action)
        if done:
            return HttpResponseRedirect(reverse("admin:device_commands", args=[found.public_id]))
    may = request.user.has_perm
    context = {
        **admin.site.each_context(request),
        "title": f"Commands of {found.code}",
        "device": found,
        "form": form,
        "commands": [_shown(command, may) for command in _newest(found)],
        "shown": SHOWN,
        "may_send": may(SENDING) and found.status != Device.Status.RETIRED,
    }
    return TemplateResponse(request, "workplace/device_commands.html", context)


def _newest(device: Device) -> list[DeviceCommand]:
    return list(DeviceCommand.objects.filter(device=device).prefetch_related("steps").order_by("-id")[:SHOWN])


def _shown(command: DeviceCommand, may: Any) -> dict[str, Any]:
    may_operate = may(OPERATE) or not needs_an_operator(command.type)
    return {
        "command": command,
        "kind": Kind(command.type).label.replace("_", " "),
        "parameters": written(command.parameters),
        "result": written(command.result),
        "colour": COLOURS.get(Status(command.status), ""),
        "steps": list(command.steps.all()),
        "may_cancel": may(CHANGING) and may_be_cancelled(command),
        "may_retry": may(CHANGING) and may_operate and may_become(command.status, Status.PENDING),
        "tries_again_at": command.next_step_at if command.status in (Status.FAILED, Status.TIMEOUT) else None,
    }


def _send(request: HttpRequest, device: Device, form: CommandForm) -> bool:
    require(request, SENDING)
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            template = form.cleaned_data["template"]
            order_command(device=device, **{**(from_template(template) if template else {}), **form.ordered()})
    except ValidationError as refusal:
        _tell(form, refusal)
        return False
    messages.success(request, "The command waits for the device: it gets it with its next poll.")
    return True


def _tell(form: CommandForm, refusal: ValidationError) -> None:
    found = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    for name, sentences in found.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)


def _change(request: HttpRequest, device: Device, action: str | None) -> bool:
    require(request, CHANGING)
    command = row_named(DeviceCommand.objects.filter(device=device), request.POST.get("command", ""))
    try:
        if action == "cancel":
            cancel_command(command=command, reason=request.POST.get("reason", "").replace("\x00", "")[:200])
        elif action == "retry" and (request.user.has_perm(OPERATE) or not needs_an_operator(command.type)):
            retry_command(command=command)
        else:
            raise PermissionDenied
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
    return True
