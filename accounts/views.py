from __future__ import annotations

from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.links import person_of_link
from accounts.models import User
from accounts.services import set_password

TEMPLATE = "account/set_password.html"


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_password_by_link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """The page behind the link that ``accounts.services.set_password_link`` makes.

    The link alone speaks for the person: who is signed in in this browser plays no part.
    """
    user = person_of_link(uid=uid, token=token)
    if user is None:
        return render(request, TEMPLATE, {"state": "void"}, status=410)
    form: SetPasswordForm[User] = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        set_password(user=user, password=form.cleaned_data["new_password1"], confirms_address=True)
        return render(request, TEMPLATE, {"state": "done", "email": user.email})
    return render(request, TEMPLATE, {"state": "open", "email": user.email, "form": form})
