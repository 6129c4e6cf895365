"""Sign-in for a clinic's staff, and the choice of the clinic for people who work in several."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from unfold.forms import AuthenticationForm

from accounts.acting import acting_as
from accounts.browser_sessions.services import SECOND_FACTOR
from accounts.models import User
from accounts.one_time.services import device_is_required, enrol, has_device
from accounts.principals import SESSION_ORGANIZATION, PersonPrincipal, person_principals
from accounts.refusals import SignInLocked
from audit.actions import Action
from audit.services import record
from reports.half_sign_in import begin_half, end_half
from tenancy.limits import retry_after
from tenancy.scope import scoped

NO_PLACE = (
    "This account has no place in the workplace of a clinic. Patients use the app; staff ask an owner of their "
    "clinic for access."
)


def staff_places(user: User) -> list[PersonPrincipal]:
    """The clinics in which the person works as staff, last used first."""
    return [principal for principal in person_principals(user.public_id) if principal.is_staff]


class StaffSignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "Incorrect email or password.",
        "inactive": "Incorrect email or password.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].widget.attrs.update({"type": "email", "autocomplete": "username"})

    def confirm_login_allowed(self, user: User) -> None:
        if not staff_places(user) and not user.support_name:
            raise ValidationError(NO_PLACE, code="no_place")


class StaffSignInView(LoginView):
    """The password. A code is the second step, and whoever needs one and has none is led to set it up."""

    def form_valid(self, form: Any) -> HttpResponse:
        user, page = form.get_user(), self.get_success_url()
        if has_device(user):
            begin_half(self.request, user, next_page=page)
            return HttpResponseRedirect(reverse("admin:sign_in_code"))
        if device_is_required(user, is_staff=bool(staff_places(user))):
            begin_half(self.request, user, next_page=page, enrolment=enrol(user=user).public_id)
            return HttpResponseRedirect(reverse("admin:sign_in_enrol"))
        complete_sign_in(self.request, user, second_factor=False)
        return HttpResponseRedirect(page)

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        for error in form.non_field_errors().as_data():
            if isinstance(error, SignInLocked):
                response.status_code = error.status_code
                response.headers["Retry-After"] = retry_after(error.wait or 1)
        return response


def complete_sign_in(request: HttpRequest, user: User, *, second_factor: bool) -> None:
    """The session gets a new key here: one that was known before opens nothing."""
    end_half(request)
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    request.session[SECOND_FACTOR] = second_factor
    places = staff_places(user)
    if not places:
        return
    place = places[0]
    request.session[SESSION_ORGANIZATION] = place.organization_id
    with scoped(place.scope), transaction.atomic(), acting_as(user, name=place.name, role=place.role):
        record(
            action=Action.LOGIN,
            object_type="accounts.user",
            object_id=str(user.public_id),
            reason="with a second factor" if second_factor else "",
        )


@require_POST
def switch_organization(request: HttpRequest) -> HttpResponse:
    """Go on in another of the person's clinics, from its first page: addresses of this one mean nothing there."""
    code = request.POST.get("organization", "")
    for place in staff_places(request.user):  # type: ignore[arg-type]
        if place.organization_code == code:
            # What was said about the one clinic is not read in the other.
            list(messages.get_messages(request))
            request.session[SESSION_ORGANIZATION] = place.organization_id
            return HttpResponseRedirect(reverse("admin:index"))
    messages.error(request, "You have no place in that clinic.")
    return HttpResponseRedirect(reverse("admin:index"))
