"""Everybody who may ask: each role of a clinic by token and by session, its device's key, its own key, and nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from accounts.browser_sessions.engine import SIGNED_IN_AT
from accounts.browser_sessions.services import PROVED_AT
from accounts.models import User
from accounts.principals import SESSION_ORGANIZATION
from accounts.roles import STAFF_ROLES, Role
from tests.clinics import Clinic
from tests.data_plane import PlatformHandler


@dataclass(frozen=True)
class Caller:
    name: str
    clinic: Clinic
    headers: dict[str, str] = field(default_factory=dict)
    session: str = ""

    @property
    def is_patient(self) -> bool:
        return self.name == Role.PATIENT

    @property
    def is_staff(self) -> bool:
        return self.name in STAFF_ROLES

    @property
    def is_key(self) -> bool:
        return self.name.endswith("key")

    def client(self) -> Client:
        """A new one for each request: what one answer does to its cookies must not change the next case."""
        client = Client(headers=self.headers, raise_request_exception=False)
        client.handler = _handler()
        if self.session:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        return client


@cache
def _handler() -> PlatformHandler:
    """One for all: the middleware of each looks at every static file when it is made."""
    return PlatformHandler(enforce_csrf_checks=False)


def callers_of(clinic: Clinic, roles: tuple[str, ...] = tuple(Role.values)) -> list[Caller]:
    people = [
        Caller(role, clinic, {"Authorization": f"Bearer {clinic.access_token(role)}"}, _session(clinic, role))
        for role in roles
    ]
    return [
        Caller("anonymous", clinic),
        *people,
        Caller("device key", clinic, {"X-API-Key": clinic.device_key}),
        Caller("organization key", clinic, {"X-API-Key": clinic.organization_key}),
    ]


def _session(clinic: Clinic, role: str) -> str:
    """A session as the sign-in page leaves it, without the cost of a password."""
    user = User.objects.with_id(clinic.user_id(role))
    assert user
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[SESSION_ORGANIZATION] = clinic.organization.id
    store[SIGNED_IN_AT] = store[PROVED_AT] = time.time()
    store.save()
    return str(store.session_key)
