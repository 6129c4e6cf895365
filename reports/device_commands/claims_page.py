"""Claim codes: made for a device, shown once on a slip that goes with it, and taken back."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.fresh_sign_in import page_that_asks
from accounts.shown_once import keep, take
from devices.provisioning.claims import create_claim, withdraw_claim
from devices.provisioning.codes import spoken_code
from devices.provisioning.models import ClaimCode
from devices.services import register_device
from reports.alarm_board.access import require
from reports.device_commands.forms import HOUR, ClaimForm
from reports.named_rows import row_named

VIEWING, MAKING, REMOVING = (f"devices.{word}_claimcode" for word in ("view", "add", "delete"))
REGISTERING = "devices.add_device"
SLIP, SHOWN = "claim code", 100


@require_http_methods(["GET", "HEAD", "POST"])
def claims_page(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    form = ClaimForm(initial={"device": request.GET.get("device", "")[:50]})
    if request.method == "POST":
        action = request.POST.get("action")
        if action == "make":
            require(request, MAKING)
            if asked := page_that_asks(request):
                return asked
            form = ClaimForm(request.POST)
            done = form.is_valid() and _make(request, form)
        else:
            done = _withdraw(request)
        if done:
            return HttpResponseRedirect(reverse("admin:device_claims"))
    now = timezone.now()
    claims = ClaimCode.objects.select_related("device").order_by("-id")[:SHOWN]
    context = {
        **admin.site.each_context(request),
        "title": "Claim codes",
        "form": form,
        "claims": [(claim, _state(claim, now)) for claim in claims],
        "may_make": request.user.has_perm(MAKING),
        "may_withdraw": request.user.has_perm(REMOVING),
        # Taken by the look that shows it: a reload shows none.
        "slip": _slip(request) if request.method == "GET" else None,
    }
    return TemplateResponse(request, "workplace/device_claims.html", context)


def _make(request: HttpRequest, form: ClaimForm) -> bool:
    said = form.cleaned_data
    try:
        with transaction.atomic():
            device = form.known_device()
            if device is None:
                require(request, REGISTERING)
                device = register_device(code=said["device"], name=said["name"])
            issued = create_claim(device=device, valid_for=said["valid_for"] * HOUR)
    except ValidationError as refusal:
        for sentence in refusal.messages:
            form.add_error(None, sentence)
        return False
    keep(request.session, SLIP, f"{issued.code} {issued.claim.public_id}")
    return True


def _withdraw(request: HttpRequest) -> bool:
    require(request, REMOVING)
    if request.POST.get("action") != "withdraw":
        raise PermissionDenied
    withdraw_claim(claim=row_named(ClaimCode.objects, request.POST.get("claim", "")))
    messages.success(request, "The claim is taken back: its code is refused from now on.")
    return True


def _slip(request: HttpRequest) -> dict[str, Any] | None:
    kept = take(request.session, SLIP)
    if kept is None:
        return None
    code, public_id = kept.split()
    claim = row_named(ClaimCode.objects.select_related("device"), public_id)
    # The code behind the hash: whoever opens the address in a browser leaves it in no log.
    address = f"{settings.PUBLIC_URL}/api/v1/devices/provision#claimCode={code}"
    return {
        "code": spoken_code(code),
        "claim": claim,
        "address": settings.PUBLIC_URL,
        "picture": segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="white"),
    }


def _state(claim: ClaimCode, now: Any) -> str:
    if claim.used_at is not None:
        return "used"
    if claim.withdrawn_at is not None:
        return "taken back"
    return "expired" if claim.expires_at <= now else "open"
