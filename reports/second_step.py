"""The second step of signing in: the code, or setting one up where the platform asks for it and there is none yet."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.one_time.services import (
    Enrolment,
    confirm,
    pending_enrolment,
    recovery_codes_left,
)
from accounts.refusals import WRONG_CODE, SignInLocked
from accounts.shown_once import keep
from accounts.sign_in import code_is_right
from reports.half_sign_in import HalfSignIn, current_half, end_half
from reports.sign_in import complete_sign_in
from tenancy.addresses import limited_address
from tenancy.limits import retry_after

RECOVERY_CODES = "recovery_codes"
FEW_CODES = 3


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code_page(request: HttpRequest) -> HttpResponse:
    half = current_half(request)
    if half is None:
        return _begin_anew(request)
    if half.enrolment is not None:
        return HttpResponseRedirect(reverse("admin:sign_in_enrol"))
    error, wait = "", None
    if request.method == "POST":
        try:
            if code_is_right(user=half.user, code=request.POST.get("code", ""), address=limited_address(request)):
                complete_sign_in(request, half.user, second_factor=True)
                return HttpResponseRedirect(_page_after(half))
            error = WRONG_CODE
        except SignInLocked as locked:
            error, wait = " ".join(locked.messages), locked.wait
    answer = _answer(request, "workplace/sign_in_code.html", title="Your code", error=error)
    if wait is not None:
        answer.status_code = SignInLocked.status_code
        answer.headers["Retry-After"] = retry_after(wait)
    return answer


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def enrol_page(request: HttpRequest) -> HttpResponse:
    half = current_half(request)
    if half is not None and half.enrolment is None:
        return HttpResponseRedirect(reverse("admin:sign_in_code"))
    enrolment = pending_enrolment(half.user, half.enrolment) if half and half.enrolment else None
    if half is None or enrolment is None:
        return _begin_anew(request)
    error = ""
    if request.method == "POST":
        try:
            codes = confirm(user=half.user, code=request.POST.get("code", ""), public_id=enrolment.public_id)
        except ValidationError as refusal:
            error = " ".join(refusal.messages)
        else:
            complete_sign_in(request, half.user, second_factor=True)
            keep(request.session, RECOVERY_CODES, " ".join(codes))
            return HttpResponseRedirect(reverse("admin:recovery_codes"))
    return _answer(
        request,
        "workplace/sign_in_enrol.html",
        title="Set up your second factor",
        error=error,
        email=half.user.email,
        **shown(enrolment),
    )


def shown(enrolment: Enrolment) -> dict[str, Any]:
    """The secret for the eye of the phone, and in groups for fingers."""
    secret = enrolment.secret
    return {
        "picture": segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=3, light="white"),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }


def _page_after(half: HalfSignIn) -> str:
    """Whoever is about to run out of recovery codes is shown where new ones are made."""
    return half.next_page if recovery_codes_left(half.user) >= FEW_CODES else reverse("admin:security")


def _begin_anew(request: HttpRequest) -> HttpResponse:
    end_half(request)
    return HttpResponseRedirect(reverse("admin:login"))


def _answer(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
