from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.contrib.auth import logout
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET
from unfold.sites import UnfoldAdminSite

from accounts.services import note_use_of_membership
from reports import sign_in
from reports.clinic import clinic_zone

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
        from reports import readings_page

        return [
            path("switch-organization/", self.admin_view(sign_in.switch_organization), name="switch_organization"),
            path("readings/", self.admin_view(readings_page.readings_page), name="readings"),
        ]

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(reverse("admin:index"))

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        note_use_of_membership(principal=request.principal)  # type: ignore[attr-defined]
        return HttpResponseRedirect(reverse("admin:patients_patient_changelist"))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.user.is_authenticated:
            # Signed in, but without a place any more: begin anew, with no scope of the former clinic.
            logout(request)
            return HttpResponseRedirect(request.get_full_path())
        return _page(self._sign_in)(request)

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


def _page(view: View) -> View:
    """Times in the clinic's zone, the theme's content policy, and the page made inside the transaction.

    Django renders a TemplateResponse after the view, outside the transaction that carries the scope.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        principal = getattr(request, "principal", None)
        with timezone.override(clinic_zone(request) if principal else None):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        response._csp_replace = THEME_POLICY  # type: ignore[attr-defined]
        patch_cache_control(response, no_store=True, private=True)
        return response

    return inner
