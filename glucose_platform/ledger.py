"""Each request tells the ledger who asks and from where; what is refused is written after the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.acting import actor_of
from accounts.principals import PersonPrincipal
from audit.actions import Action, Outcome
from audit.denials import denials_collected
from audit.occasion import ANONYMOUS, Actor, Occasion, occasion
from audit.services import record_denial
from devices.authentication import DevicePrincipal
from devices.models import DeviceKey
from glucose_platform.middleware import database_away
from patients.models import Patient
from readings.people import find_patient
from tenancy.addresses import client_address
from tenancy.scope import scoped

OUTCOMES = {403: Outcome.DENIED, 404: Outcome.FAILED}
LONGEST_ID = 200


def keep_the_ledger(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Stands inside ``resolve_principal``: the scope is the clinic's, and no transaction is open."""

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            with occasion(occasion_of(request)), denials_collected() as refused:
                response = get_response(request)
                if not refused:
                    _note_refusal(request, response)
        except (OperationalError, InterfaceError):
            # What views raise has been answered further in: these are the ledger's own queries.
            return database_away()
        return response

    return middleware


def occasion_of(request: HttpRequest) -> Occasion:
    principal = getattr(request, "principal", None)
    return Occasion(
        actor=_actor(request, principal),
        request_id=request.META.get("HTTP_X_REQUEST_ID", ""),
        ip=client_address(request) or None,
        session=_session(request) if isinstance(principal, PersonPrincipal) else "",
    )


def _actor(request: HttpRequest, principal: PersonPrincipal | DevicePrincipal | None) -> Actor:
    if isinstance(principal, PersonPrincipal):
        return actor_of(principal)
    if principal is None:
        return ANONYMOUS
    # What devices send is not audited, so most of their requests need not know the key's name.
    return Actor("key") if request.method not in ("GET", "HEAD") else _key_actor(principal)


def _key_actor(principal: DevicePrincipal) -> Actor:
    # Between clinics a request has no scope of its own.
    with scoped(principal.scope), transaction.atomic():
        key = DeviceKey.objects.get(pk=principal.key_id)
    return Actor("key", str(key.public_id), key.name or key.prefix, "device" if key.device_id else "organization")


def _session(request: HttpRequest) -> str:
    """Tells the sign-ins of a person apart, and opens none of them."""
    if sign_in := getattr(request, "sign_in_id", ""):
        return str(sign_in)
    key = request.session.session_key or ""
    return hashlib.sha256(key.encode()).hexdigest()[:32] if key else ""


def _note_refusal(request: HttpRequest, response: HttpResponse) -> None:
    """A right that is missing, or a record that the caller does not have: by anybody who is known, on a known route."""
    principal, match = getattr(request, "principal", None), request.resolver_match
    outcome = OUTCOMES.get(response.status_code)
    is_ingestion = isinstance(principal, DevicePrincipal) and request.method not in ("GET", "HEAD")
    if outcome is None or principal is None or match is None or is_ingestion:
        return
    if outcome is Outcome.FAILED and not match.kwargs:
        return
    patient = _named_patient(match.view_name, match.kwargs)
    record_denial(
        action=Action.DENIED,
        object_type=match.view_name,
        object_id="/".join(str(value) for value in match.kwargs.values()).replace("\x00", "")[:LONGEST_ID],
        patient_id=patient.pk if patient else None,
        reason=f"{request.method} was answered {response.status_code}",
        outcome=outcome,
    )


def _named_patient(view_name: str, parameters: dict[str, Any]) -> Patient | None:
    """Whose record was asked for, where it is one of the clinic's that the caller may know of."""
    name = str(parameters.get("code") or parameters.get("userId") or "")
    with transaction.atomic():
        if name:
            return find_patient(name)
        number = str(parameters.get("object_id", ""))
        if view_name.startswith("admin:patients_patient_") and number.isdecimal() and len(number) < 19:
            patient: Patient | None = Patient.objects.filter(pk=int(number)).first()
            return patient
    return None
