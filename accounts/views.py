"""Pages behind the links of mails. They need no JavaScript, and whoever is signed in in the browser plays no part."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.links import person_of_confirmation, person_of_link
from accounts.mail_requests import ask_for_mail, ask_for_password_link
from accounts.models import User
from accounts.refusals import LinkVoid, SignInLocked
from accounts.registration import confirm_address
from accounts.services import set_password, set_password_link
from tenancy.addresses import limited_address

PAGE_METHODS = ["GET", "HEAD", "POST"]
SET_PASSWORD, CONFIRM, FORGOT = (f"account/{name}.html" for name in ("set_password", "confirm", "forgot_password"))


@never_cache
@sensitive_post_parameters()
@require_http_methods(PAGE_METHODS)
def set_password_by_link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """The page behind the link that ``accounts.services.set_password_link`` makes."""
    user = person_of_link(uid=uid, token=token)
    if user is None:
        return render(request, SET_PASSWORD, {"state": "void"}, status=410)
    form: SetPasswordForm[User] = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            set_password(user=user, password=form.cleaned_data["new_password1"], confirms_address=True)
        except LinkVoid:
            return render(request, SET_PASSWORD, {"state": "void"}, status=410)
        transaction.on_commit(lambda: ask_for_mail(kind="password_changed", email=user.email, user_id=user.pk))
        return render(request, SET_PASSWORD, {"state": "done", "email": user.email})
    return render(request, SET_PASSWORD, {"state": "open", "email": user.email, "form": form})


class PasswordForm(forms.Form):
    password = forms.CharField(strip=False, max_length=1000)


@never_cache
@sensitive_post_parameters()
@transaction.non_atomic_requests
@require_http_methods(PAGE_METHODS)
def confirm_address_by_link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Whoever opened the mailbox types the registration's password, or chooses another: the mail is the proof."""
    user = person_of_confirmation(uid=uid, token=token)
    if user is None:
        return render(request, CONFIRM, {"state": "void"}, status=410)
    page = {"state": "open", "email": user.email, "new_password": set_password_link(user=user)}
    form = PasswordForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, CONFIRM, page)
    password = form.cleaned_data["password"]
    try:
        confirmed = confirm_address(uid=uid, token=token, password=password, address=limited_address(request))
    except LinkVoid:
        return render(request, CONFIRM, {"state": "void"}, status=410)
    except SignInLocked as locked:
        return render(request, CONFIRM, {**page, "locked": locked.message}, status=429)
    return render(request, CONFIRM, {**page, "state": "done"} if confirmed else {**page, "is_wrong": True})


class AddressForm(forms.Form):
    email = forms.EmailField(max_length=254)


@never_cache
@transaction.non_atomic_requests
@require_http_methods(PAGE_METHODS)
def forgot_password(request: HttpRequest) -> HttpResponse:
    """The same page after every address: it does not tell which have accounts."""
    form = AddressForm(request.POST or None)
    if request.method != "POST":
        return render(request, FORGOT, {"state": "open"})
    if not form.is_valid():
        return render(request, FORGOT, {"state": "open", "is_wrong": True})
    if not ask_for_password_link(email=form.cleaned_data["email"]):
        return render(request, FORGOT, {"state": "away"}, status=503)
    return render(request, FORGOT, {"state": "sent"})
