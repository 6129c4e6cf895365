from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET, require_safe
from unfold.sites import UnfoldAdminSite

from accounts.browser_sessions.principal import lacks_second_factor
from accounts.browser_sessions.services import ENDED_BECAUSE, SENTENCES
from accounts.principals import SESSION_ORGANIZATION
from accounts.services import note_use_of_membership
from audit.actions import Action
from audit.services import record
from reports import sign_in
from reports.clinic import clinic_zone
from reports.clinic_forms import refusal_of_another_clinics_form
from tenancy.scope import current_organization_id

View = Callable[..., HttpResponse]
# Alpine, which the theme is built on, compiles its attributes with eval and sets styles. Nowhere else is that allowed.
THEME_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class ClinicAdminSite(UnfoldAdminSite):
    """The clinic's workplace: open to its staff, closed to patients' logins and to accounts without a clinic."""

    login_form = sign_in.StaffSignInForm
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        principal = getattr(request, "principal", None)
        return principal is not None and principal.is_staff

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return wraps(view)(super().admin_view(_page(view), cacheable))

    def extra_urls(self) -> list[URLPattern]:
        from reports import (
            emergency_page,
            invitations_page,
            ledger_page,
            organization_page,
            plan_page,
            readings_page,
            removals_page,
            second_step,
            security_page,
            support_pages,
        )
        from reports.alarm_board import urls as alarm_board_urls
        from reports.alarm_channels import urls as alarm_channels_urls
        from reports.alarm_rules import urls as alarm_rules_urls
        from reports.device_commands import urls as device_command_urls
        from reports.dexcom_pages import urls as dexcom_urls
        from reports.fleet import urls as fleet_urls
        from reports.glucose_report import urls as report_urls
        from reports.worklist import urls as worklist_urls

        return [
            # Open to whoever is on the way in: a half sign-in is no principal.
            path("login/code/", _page(second_step.code_page), name="sign_in_code"),
            path("login/set-up/", _page(second_step.enrol_page), name="sign_in_enrol"),
            path("support/enter/", _page(support_pages.enter_page), name="support_enter"),
            path("support/leave/", self.admin_view(support_pages.leave), name="support_leave"),
            path("support-access/", self.admin_view(support_pages.accesses_page), name="support_accesses"),
            path("security/", self.own_view(security_page.security_page), name="security"),
            path("security/codes/", self.own_view(security_page.recovery_codes_page), name="recovery_codes"),
            path("switch-organization/", self.admin_view(sign_in.switch_organization), name="switch_organization"),
            path("audit/", self.admin_view(ledger_page.ledger_page), name="ledger"),
            path("audit/export/", self.admin_view(ledger_page.ledger_export), name="ledger_export"),
            path("invitations/", self.admin_view(invitations_page.invitations_page), name="clinic_invitations"),
            path("removal-requests/", self.admin_view(removals_page.removals_page), name="removals"),
            path("emergency-access/", self.admin_view(emergency_page.emergency_page), name="emergency_access"),
            path("plan/", self.admin_view(plan_page.plan_page), name="plan"),
            path("clinic/", self.admin_view(organization_page.organization_page), name="organization"),
            path("readings/", self.admin_view(readings_page.readings_page), name="readings"),
            *worklist_urls.urls(self.admin_view),
            *alarm_board_urls.urls(self.admin_view),
            *alarm_rules_urls.urls(self.admin_view),
            *dexcom_urls.urls(self.admin_view),
            *device_command_urls.urls(self.admin_view),
            *fleet_urls.urls(self.admin_view),
            *report_urls.urls(self.admin_view),
            *alarm_channels_urls.urls(self.admin_view),
        ]

    def own_view(self, view: Any) -> View:
        """Pages about the person alone: also for the support between two clinics."""
        for_staff = self.admin_view(view)

        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            answer: HttpResponse = (_page(view) if _is_between_clinics(request) else for_staff)(
                request, *args, **kwargs
            )
            return answer

        return inner

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from reports.support_pages import banner

        return {**super().each_context(request), "support": banner(request)}

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(reverse("admin:index"))

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from reports.dashboard.page import dashboard_page

        note_use_of_membership(principal=request.principal)  # type: ignore[attr-defined]
        return require_safe(dashboard_page)(request, self.each_context(request))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.user.is_authenticated:
            return self._go_on_elsewhere(request)
        if sentence := SENTENCES.get(request.session.pop(ENDED_BECAUSE, "")):
            messages.info(request, sentence)
        return _page(self._sign_in)(request)

    def _go_on_elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Signed in, but with no place here any more: begin anew, with no scope of the former clinic."""
        if _is_between_clinics(request):
            if request.session.pop(SESSION_ORGANIZATION, None):
                messages.info(request, "Your access to the clinic has ended.")
            return HttpResponseRedirect(reverse("admin:support_enter"))
        logout(request)
        return HttpResponseRedirect(request.get_full_path())

    def _sign_in(self, request: HttpRequest) -> Any:
        context = {**self.each_context(request), "title": "Sign in", "app_path": request.get_full_path()}
        view = sign_in.StaffSignInView.as_view(
            authentication_form=self.login_form,
            template_name="admin/login.html",
            extra_context=context,
            next_page=reverse("admin:index"),
        )
        return view(request)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method == "POST":
            note_sign_out(request)
            logout(request)
        return HttpResponseRedirect(reverse("admin:login" if request.method == "POST" else "admin:index"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from reports.password_form import OwnPasswordForm

        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            template_name="registration/password_change_form.html",
            extra_context=self.each_context(request),
        )
        return view(request)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        from reports.search import NamedAutocomplete

        return NamedAutocomplete.as_view(admin_site=self)(request)

    def search(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The command palette. The theme's own search keeps names in the cache for minutes; this one keeps none."""
        from reports.search import search_results

        return require_GET(search_results)(request)


def note_sign_out(request: HttpRequest) -> None:
    principal = getattr(request, "principal", None)
    if principal is not None:
        record(action=Action.LOGOUT, object_type="accounts.user", object_id=str(principal.user_public_id))


def _is_between_clinics(request: HttpRequest) -> bool:
    user: Any = request.user
    has_none = getattr(request, "principal", None) is None and user.is_authenticated and bool(user.support_name)
    return has_none and not lacks_second_factor(request, user, is_staff=True)


def _page(view: View) -> View:
    """Times in the clinic's zone, the theme's content policy, and the page made inside the transaction.

    Django renders a TemplateResponse after the view, outside the transaction that carries the scope.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(clinic_zone(request) if current_organization_id() else None):
            response = refusal_of_another_clinics_form(request) or view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        response._csp_replace = THEME_POLICY  # type: ignore[attr-defined]
        patch_cache_control(response, no_store=True, private=True)
        return response

    return inner
