"""The page behind the link of an invitation. It works without JavaScript, whoever is signed in in this browser."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.invitation_answers import (
    AccountNotProven,
    InvitationVoid,
    Offer,
    accept_invitation,
    decline_invitation,
    open_offer,
)
from accounts.models import User
from accounts.roles import Role

TEMPLATE = "account/invitation.html"
WRONG_PASSWORD = "This is not the password of the account."  # noqa: S105  a sentence


class AcceptForm(forms.Form):
    password = forms.CharField(max_length=1000, strip=False)
    again = forms.CharField(max_length=1000, strip=False, required=False)

    def __init__(self, offer: Offer, sent: Any) -> None:
        super().__init__(sent)
        self.offer = offer

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if not self.offer.has_account and typed.get("password") and typed["password"] != typed.get("again"):
            self.add_error("again", "These are two different passwords.")
        return typed


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def answer_by_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        offer = open_offer(token=token)
        form = AcceptForm(offer, request.POST if request.POST.get("answer") == "accept" else None)
        if request.method == "POST" and request.POST.get("answer") == "decline":
            decline_invitation(offer=offer)
            return render(request, TEMPLATE, {"state": "declined", "offer": offer})
        if form.is_bound and form.is_valid() and _accepted(request, offer, form):
            return render(request, TEMPLATE, {"state": "accepted", "offer": offer})
    except InvitationVoid as void:
        return render(request, TEMPLATE, {"state": "void", "reason": str(void)}, status=410)
    return render(request, TEMPLATE, {"state": "open", "offer": offer, "form": form, "role": Role(offer.role).label})


def _accepted(request: HttpRequest, offer: Offer, form: AcceptForm) -> bool:
    password = form.cleaned_data["password"]
    try:
        accept_invitation(offer=offer, proven_user_id=_proven(request, offer, password), password=password)
    except AccountNotProven:
        form.add_error("password", WRONG_PASSWORD)
    except ValidationError as refusal:
        form.add_error("password", refusal.messages)
    return not form.errors


def _proven(request: HttpRequest, offer: Offer, password: str) -> int | None:
    user = authenticate(request, username=offer.email, password=password) if offer.has_account else None
    return user.pk if isinstance(user, User) else None
