"""Many connections to simulated people, to see what a machine carries. Never where real patients are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.db import transaction

from accounts.models import Membership
from dexcom_sync.models import Connection, Region
from dexcom_sync.services import connecting
from patients.models import Patient
from patients.services import create_patient

PEOPLE = ("SandboxUser7", "SandboxUser6")
SESSION = "simulate-load"


class NotHere(RuntimeError):
    """Real patients are here, or Dexcom's own servers would carry the load."""


def refuse_real_places() -> None:
    if settings.PRODUCTION:
        raise NotHere("Simulated patients do not belong where APP_ENV is production.")
    host = urlsplit(settings.DEXCOM_SANDBOX_URL).hostname or ""
    if Region.SANDBOX.value not in settings.DEXCOM_APPLICATIONS or host == "dexcom.com" or host.endswith(".dexcom.com"):
        raise NotHere(
            "Start `manage.py dexcom_sandbox`, and set DEXCOM_SANDBOX_URL, DEXCOM_CLIENT_ID, DEXCOM_CLIENT_SECRET and "
            "DEXCOM_REDIRECT_URI for it: Dexcom's own servers are not for load."
        )


def connect_many(count: int, *, on_progress: Callable[[float], None]) -> list[Connection]:
    """Of the clinic in scope; those of a run before are used again. Raises httpx.HTTPError without a sandbox."""
    refuse_real_places()
    with transaction.atomic():
        member = Membership.objects.managers().order_by("id").first()
    if member is None:
        raise NotHere("The clinic has no owner and no admin who could connect anybody.")
    connections = []
    with httpx.Client(timeout=60) as http:
        for number in range(1, count + 1):
            connections.append(_connected(number, member, http))
            on_progress(1)
    return connections


def _connected(number: int, member: Membership, http: httpx.Client) -> Connection:
    with transaction.atomic():
        patient = _patient(f"dexcom-load-{number:05}")
        standing: Connection | None = Connection.objects.standing().of_patient(patient).first()
        if standing is not None and standing.status == Connection.Status.ACTIVE:
            return standing
        _, address = connecting.begin(patient=patient, member=member, region=Region.SANDBOX, session_key=SESSION)
    answer = http.get(f"{address}&_user={PEOPLE[number % len(PEOPLE)]}&_approve=1")
    given = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
    if "code" not in given:
        raise NotHere(
            f"The sandbox gave no code (HTTP {answer.status_code}). Is it the one of `manage.py dexcom_sandbox`, with "
            "--redirect-uri as in DEXCOM_REDIRECT_URI?"
        )
    connection, _ = connecting.finish(
        state=given["state"][0], code=given["code"][0], member=member, session_key=SESSION
    )
    return connection


def _patient(code: str) -> Patient:
    found: Patient | None = Patient.objects.with_code(code).first()
    return found or create_patient(
        code=code, first_name="Load", last_name=code, birth_date=date(1990, 1, 1), timezone="UTC"
    )
