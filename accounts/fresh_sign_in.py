"""Where much is at stake, a sign-in or proof of the last ten minutes is asked for: keys, roles, exports, settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from accounts.browser_sessions.services import is_fresh, note_proof
from accounts.one_time.services import has_device, too_often
from accounts.proofs import password_or_code_is_right, wait_before_next_proof
from audit.actions import Action, Outcome
from audit.services import record_denial

# Fields of the page that asks; the view behind it never sees them.
PROOF, ASKED_BY_GET = "fresh_proof", "fresh_get"
NOT_REPEATED = {PROOF, ASKED_BY_GET, "csrfmiddlewaretoken", "for_clinic"}

View = Callable[..., HttpResponseBase]


def fresh_sign_in_required(view: View) -> View:
    """For views of the admin; on methods by ``method_decorator``."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return page_that_asks(request) or view(request, *args, **kwargs)

    return inner


def fresh_sign_in_required_to_post(view: View) -> View:
    """The same for forms that everybody with the right may look at."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = page_that_asks(request) if request.method == "POST" else None
        return asked or view(request, *args, **kwargs)

    return inner


def page_that_asks(request: HttpRequest) -> HttpResponse | None:
    """None where the sign-in is fresh, or was just proved anew: go on.

    The page repeats what was posted in hidden fields, so that nothing has to be typed again. Files are not repeated.
    """
    if is_fresh(request.session):
        return None
    if request.method != "POST" or PROOF not in request.POST:
        return _page(request, error="")
    user: Any = request.user
    if not password_or_code_is_right(user=user, typed=request.POST[PROOF]):
        record_denial(
            action=Action.LOGIN_FAILED,
            object_type="accounts.user",
            object_id=str(user.public_id),
            reason="wrong password or code, asked for once more",
            outcome=Outcome.FAILED,
        )
        wait = wait_before_next_proof(user=user, typed=request.POST[PROOF])
        return _page(request, error="That was not right." if wait is None else too_often(wait))
    note_proof(request.session)
    if ASKED_BY_GET in request.POST:
        return HttpResponseRedirect(request.get_full_path())
    request.POST = _without(request.POST)
    return None


def _page(request: HttpRequest, *, error: str) -> HttpResponse:
    asked_by_get = request.method != "POST" or ASKED_BY_GET in request.POST
    repeated = [] if asked_by_get else [(name, value) for name, values in request.POST.lists() for value in values]
    user: Any = request.user
    context = {
        **admin.site.each_context(request),
        "title": "Is it still you?",
        "error": error,
        "has_device": has_device(user),
        "repeated": [(name, value) for name, value in repeated if name not in NOT_REPEATED],
        "asked_by_get": asked_by_get,
        "address": request.get_full_path(),
    }
    return TemplateResponse(request, "workplace/confirm.html", context)


def _without(posted: Any) -> Any:
    kept = posted.copy()
    for name in (PROOF, ASKED_BY_GET):
        kept.pop(name, None)
    kept._mutable = False
    return kept
