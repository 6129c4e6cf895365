"""Your security: the second factor, recovery codes, where one is signed in, and the password."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.browser_sessions.services import end_other_sessions, end_session, live_sessions
from accounts.browser_sessions.wording import client_words
from accounts.fresh_sign_in import fresh_sign_in_required_to_post
from accounts.models import RefreshFamily, User
from accounts.one_time.services import (
    confirm,
    confirmed_device,
    device_is_required,
    disable,
    enrol,
    pending_enrolment,
    recovery_codes_left,
    renew_recovery_codes,
)
from accounts.services import in_own_scope
from accounts.sessions import end_family, end_other_families, live_families
from accounts.shown_once import keep, take
from accounts.sign_in import code_is_right
from accounts.tasks import mail_second_factor_disabled_task
from reports.second_step import RECOVERY_CODES, shown
from tenancy.addresses import limited_address
from tenancy.tasks import send_task_after_commit

ENROLMENT = "enrolment"


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_required_to_post
def security_page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if request.method == "POST":
        work = _ACTIONS.get(request.POST.get("action", ""))
        if work is None:
            raise PermissionDenied
        try:
            return HttpResponseRedirect(reverse(work(request, user)))
        except ValidationError as refusal:
            for sentence in refusal.messages:
                messages.error(request, sentence)
            return HttpResponseRedirect(reverse("admin:security"))
    return TemplateResponse(request, "workplace/security.html", _shown(request, user))


@require_http_methods(["GET", "HEAD"])
def recovery_codes_page(request: HttpRequest) -> HttpResponse:
    """The codes that were just made. A second look finds none."""
    codes = take(request.session, RECOVERY_CODES)
    if codes is None:
        return HttpResponseRedirect(reverse("admin:security"))
    context = {**_context(request, "Your recovery codes"), "codes": codes.split()}
    return TemplateResponse(request, "workplace/recovery_codes.html", context)


def _context(request: HttpRequest, title: str) -> dict[str, Any]:
    """Without the clinic's frame for the support between two clinics."""
    context = admin.site.each_context(request)
    layout = "admin/base_site.html" if context["has_permission"] else "unfold/layouts/unauthenticated.html"
    return {**context, "title": title, "layout": layout}


def _shown(request: HttpRequest, user: User) -> dict[str, Any]:
    device = confirmed_device(user)
    began = request.session.get(ENROLMENT)
    pending = pending_enrolment(user, uuid.UUID(began)) if began and device is None else None
    current = request.session.session_key
    return {
        **_context(request, "Your security"),
        "device": device,
        "codes_left": recovery_codes_left(user) if device else 0,
        "is_required": device_is_required(user, is_staff=True),
        "pending": shown(pending) if pending else None,
        "browsers": [
            (session, client_words(session.user_agent), session.session_key == current)
            for session in live_sessions(user)
        ],
        "apps": [(app, client_words(app.user_agent)) for app in _apps(user)],
    }


def _enrol(request: HttpRequest, user: User) -> str:
    request.session[ENROLMENT] = str(enrol(user=user).public_id)
    return "admin:security"


def _confirm(request: HttpRequest, user: User) -> str:
    began = request.session.get(ENROLMENT)
    codes = confirm(user=user, code=request.POST.get("code", ""), public_id=uuid.UUID(began) if began else None)
    request.session.pop(ENROLMENT, None)
    return _show_codes(request, codes)


def _renew(request: HttpRequest, user: User) -> str:
    return _show_codes(request, renew_recovery_codes(user=user))


def _show_codes(request: HttpRequest, codes: list[str]) -> str:
    keep(request.session, RECOVERY_CODES, " ".join(codes))
    return "admin:recovery_codes"


def _disable(request: HttpRequest, user: User) -> str:
    if device_is_required(user, is_staff=True):
        raise ValidationError("This platform requires a second factor of staff. To change phones, replace it.")
    _require_code(request, user)
    disable(user=user, reason="disabled by the person")
    send_task_after_commit(mail_second_factor_disabled_task, user_id=user.pk)
    messages.success(request, "The second factor is disabled.")
    return "admin:security"


def _replace(request: HttpRequest, user: User) -> str:
    """A new phone, while the old one is at hand."""
    _require_code(request, user)
    disable(user=user, reason="replaced by the person")
    send_task_after_commit(mail_second_factor_disabled_task, user_id=user.pk)
    return _enrol(request, user)


def _require_code(request: HttpRequest, user: User) -> None:
    if not code_is_right(user=user, code=request.POST.get("code", ""), address=limited_address(request)):
        raise ValidationError("The code is not right. Type the one that your app shows now, or a recovery code.")


def _end_browser(request: HttpRequest, user: User) -> str:
    end_session(user=user, public_id=_named(request))
    messages.success(request, "That browser is signed out.")
    return "admin:security"


def _end_app(request: HttpRequest, user: User) -> str:
    family_id = _named(request)
    in_own_scope(user, lambda: end_family(user_id=user.pk, user_public_id=user.public_id, family_id=family_id))
    messages.success(request, "That app is signed out.")
    return "admin:security"


def _end_all(request: HttpRequest, user: User) -> str:
    end_other_sessions(user=user, but=request.session.session_key)
    end_other_families(user_id=user.pk, user_public_id=user.public_id, but=None)
    messages.success(request, "Every other browser and every app is signed out.")
    return "admin:security"


def _apps(user: User) -> list[RefreshFamily]:
    return in_own_scope(user, lambda: list(live_families(user.pk)))


def _named(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("session", ""))
    except ValueError:
        raise ValidationError("Choose one of the list.") from None


_ACTIONS: dict[str, Callable[[HttpRequest, User], str]] = {
    "enrol": _enrol,
    "confirm": _confirm,
    "renew": _renew,
    "disable": _disable,
    "replace": _replace,
    "end-browser": _end_browser,
    "end-app": _end_app,
    "end-all": _end_all,
}
