"""Where Dexcom sends a browser back to. It works without JavaScript, and tells nothing to whom it does not know."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import Membership
from accounts.principals import PersonPrincipal
from dexcom_sync.api.consents import LONGEST_CODE
from dexcom_sync.api.refusals import status_of
from dexcom_sync.models import ConnectRequest
from dexcom_sync.services import connecting
from dexcom_sync.services.connecting import ConnectError
from dexcom_sync.services.states import organization_of_state, was_begun_by_app
from dexcom_sync.wording import no_consent_sentence
from tenancy.scope import scoped

TEMPLATE = "dexcom/callback.html"
CONNECT = "dexcom_sync.add_connection"
CONNECTED = "Connected to Dexcom. The first data are read within a minute; they are one to three hours old."
SIGNED_OUT = "Nobody is signed in in this browser any more. Sign in, and begin again from the patient's page."
ELSEWHERE = "This consent was begun in another clinic of yours. Switch to that clinic, and begin again there."
NOT_ALLOWED = "You may not connect patients with Dexcom. Ask a colleague who treats the patient."
NEITHER = "Dexcom's page sent neither a code nor a reason. Begin again."


# Not atomic: see connecting.finish. The middleware enters no scope here, since the state tells which one is meant.
@never_cache
@transaction.non_atomic_requests
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    answer = _answer(request)
    # The address holds the code and the state: no page that follows may be told them.
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    state = _given(request, "state")
    organization_id = organization_of_state(state) if state else None
    if organization_id is None:
        return _failed(request, str(connecting.UNKNOWN_STATE))
    if was_begun_by_app(state, organization_id):
        declined = no_consent_sentence(_given(request, "error")) if _given(request, "error") else ""
        return render(request, TEMPLATE, {"state": "app", "declined": declined})
    principal = getattr(request, "principal", None)
    if not isinstance(principal, PersonPrincipal):
        return _failed(request, SIGNED_OUT, status=401)
    if principal.organization_id != organization_id:
        return _failed(request, ELSEWHERE, status=409)
    if not principal.may(CONNECT) or principal.membership_id is None:
        return _failed(request, NOT_ALLOWED, status=403)
    with scoped(principal.scope):
        return _finished(request, principal, state)


def _finished(request: HttpRequest, principal: PersonPrincipal, state: str) -> HttpResponse:
    with transaction.atomic():
        member = Membership.objects.get(pk=principal.membership_id)
        begun = ConnectRequest.objects.filter(state_digest=connecting.digest_of(state), member=member).first()
    back = _page_of(begun.patient_id) if begun and principal.is_staff else ""
    session_key = request.session.session_key or ""
    error, code = _given(request, "error"), _given(request, "code")
    try:
        if error or not code:
            connecting.take_request(state=state, member=member, session_key=session_key)
            sentence = no_consent_sentence(error) if error else NEITHER
            return _failed(request, sentence, back=back, status=200 if error else 400)
        connecting.finish(state=state, code=code, member=member, session_key=session_key)
    except ConnectError as refused:
        return _failed(request, str(refused), back=back, status=status_of(refused))
    if not back:
        return render(request, TEMPLATE, {"state": "connected", "sentence": CONNECTED})
    messages.success(request, CONNECTED)
    return redirect(back)


def _failed(request: HttpRequest, sentence: str, *, back: str = "", status: int = 400) -> HttpResponse:
    page: dict[str, Any] = {"state": "failed", "sentence": sentence, "back": back}
    return render(request, TEMPLATE, page, status=status)


def _page_of(patient_id: int) -> str:
    return reverse("admin:patients_patient_page", args=[patient_id]) + "#dexcom"


def _given(request: HttpRequest, name: str) -> str:
    """ "" also for what was given twice: of two codes one is somebody else's."""
    values = request.GET.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST_CODE else ""
