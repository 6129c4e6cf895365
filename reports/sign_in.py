"""Sign-in for a clinic's staff, and the choice of the clinic for people who work in several."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from unfold.forms import AuthenticationForm

from accounts.models import User
from accounts.principals import SESSION_ORGANIZATION, PersonPrincipal, person_principals

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
        if not staff_places(user):
            raise ValidationError(NO_PLACE, code="no_place")


class StaffSignInView(LoginView):
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        self.request.session[SESSION_ORGANIZATION] = staff_places(form.get_user())[0].organization_id
        return response


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
