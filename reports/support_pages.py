"""The platform's support: entering a clinic and leaving it; and for the clinic, who entered and why."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.browser_sessions.principal import lacks_second_factor
from accounts.models import SupportAccess, User
from accounts.principals import SESSION_ORGANIZATION
from accounts.roles import SUPPORT
from accounts.support import LONGEST_MINUTES, SHORTEST_REASON, clinic_to_enter, end_access, enter_clinic, open_access
from accounts.tasks import mail_support_access_task
from reports.sign_in import staff_places
from tenancy.scope import organization_scope
from tenancy.tasks import send_task_after_commit

SHOWN = 100


class EnterForm(forms.Form):
    code = forms.CharField(label="Code of the clinic", max_length=50)
    reason = forms.CharField(
        label="Why you enter",
        min_length=SHORTEST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The clinic reads this, and its owners get a mail.",
    )
    minutes = forms.IntegerField(label="For how many minutes", min_value=1, max_value=LONGEST_MINUTES, initial=30)


@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def enter_page(request: HttpRequest) -> HttpResponse:
    """Outside every clinic, whichever the person was in: the middleware enters no scope here."""
    request.principal = None  # type: ignore[attr-defined]
    user: Any = request.user
    if not user.is_authenticated or lacks_second_factor(request, user, is_staff=True):
        return HttpResponseRedirect(f"{reverse('admin:login')}?next={request.path}")
    if not user.support_name:
        raise PermissionDenied
    form = EnterForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _enter(request, user, form):
        return HttpResponseRedirect(reverse("admin:index"))
    context = {
        **admin.site.each_context(request),
        "title": "Enter a clinic",
        "form": form,
        "places": staff_places(user),
        "support_name": user.support_name,
    }
    return TemplateResponse(request, "workplace/support_enter.html", context)


def _enter(request: HttpRequest, user: User, form: EnterForm) -> bool:
    sent = form.cleaned_data
    try:
        clinic = clinic_to_enter(user=user, code=sent["code"])
        with organization_scope(clinic.id, user_id=user.pk), transaction.atomic():
            access = enter_clinic(user=user, reason=sent["reason"], minutes=sent["minutes"])
            send_task_after_commit(mail_support_access_task, access_id=access.pk)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    request.session[SESSION_ORGANIZATION] = clinic.id
    return True


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    access = open_access(user_id=request.principal.user_id)  # type: ignore[attr-defined]
    if access is not None and request.principal.role == SUPPORT:  # type: ignore[attr-defined]
        end_access(access=access, because="left")
    request.session.pop(SESSION_ORGANIZATION, None)
    messages.success(request, "You have left the clinic.")
    return HttpResponseRedirect(reverse("admin:support_enter"))


def banner(request: HttpRequest) -> dict[str, Any] | None:
    """What stands above every page while the support is in a clinic."""
    principal = getattr(request, "principal", None)
    if principal is None or principal.role != SUPPORT:
        return None
    access = open_access(user_id=principal.user_id)
    if access is None:
        return None
    seconds = (access.expires_at - timezone.now()).total_seconds()
    return {"clinic": principal.organization_name, "minutes": max(round(seconds / 60), 1), "reason": access.reason}


@require_http_methods(["GET", "HEAD", "POST"])
def accesses_page(request: HttpRequest) -> HttpResponse:
    """For owners and admins of the clinic."""
    if not request.user.has_perm("accounts.view_supportaccess"):
        raise PermissionDenied
    if request.method == "POST":
        return _end(request)
    now = timezone.now()
    accesses = list(SupportAccess.objects.all()[:SHOWN])
    context = {
        **admin.site.each_context(request),
        "title": "Platform support",
        "accesses": [(access, access.ended_at is None and access.expires_at > now) for access in accesses],
        "may_end": request.user.has_perm("accounts.change_supportaccess"),
    }
    return TemplateResponse(request, "workplace/support_accesses.html", context)


def _end(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("accounts.change_supportaccess"):
        raise PermissionDenied
    try:
        access = SupportAccess.objects.filter(public_id=uuid.UUID(request.POST.get("access", ""))).first()
    except ValueError:
        access = None
    if access is None:
        raise Http404
    if end_access(access=access, because="ended by the clinic"):
        messages.success(request, "The support's access has ended.")
    else:
        messages.info(request, "The access had ended already.")
    return HttpResponseRedirect(reverse("admin:support_accesses"))
