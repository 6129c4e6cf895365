"""Help for tests of the consent: what a clinic's page and an app do before Dexcom's page opens."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import transaction
from django.test import Client

from dexcom_sync.models import Connection
from dexcom_sync.services import connecting
from tests.clinics import Clinic

CALLBACK = "/auth/callback"
URL, TOKEN = "/api/v1/dexcom/auth/url", "/api/v1/dexcom/auth/token"


def begin_in_browser(clinic: Clinic, browser: Client, role: str = "nurse", *, patient: int = 0) -> str:
    """The state, as the patient's page begins it."""
    with clinic.scope():
        _, url = connecting.begin(
            patient=clinic.patients[patient],
            member=clinic.people[role],
            region="sandbox",
            session_key=str(browser.session.session_key),
        )
    return state_of(url)


def begin_in_app(api: Client, **query: str) -> str:
    response: Any = api.get(URL, query)
    assert response.status_code == 200, response.content
    return state_of(response.json()["authorization_url"])


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def connections_of(clinic: Clinic) -> list[Connection]:
    with clinic.scope(), transaction.atomic():
        return list(Connection.objects.order_by("id"))
