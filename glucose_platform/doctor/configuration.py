"""Settings that are allowed one by one, and together are no good idea."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.http.request import validate_host

from glucose_platform.doctor.findings import Finding, State
from glucose_platform.embedded import saved_environment
from tenancy.directory import all_organizations
from tenancy.encryption.errors import KeyUnavailable
from tenancy.encryption.keks import kek_named
from tenancy.models import DataKey
from tenancy.scope import organization_scope

_WEAK = ("change", "secret", "insecure", "password", "example", "12345")
_LEAST_DIFFERENT = 12


def look_at_settings() -> Iterator[Finding]:
    for problem in settings.SETTINGS_PROBLEMS:
        yield Finding("settings", "problem", problem, "The platform does not start before it is mended.")
    if not settings.SETTINGS_PROBLEMS:
        yield Finding("settings", "ok", f"They are read without a fault (APP_ENV={settings.APP_ENV}).")


def look_at_secrets() -> Iterator[Finding]:
    weak = [name for name, value in _secrets().items() if _is_weak(value)]
    if weak:
        do = "Draw each anew: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        says = f"Easy to guess: {', '.join(weak)}."
        yield Finding("secrets", "problem" if settings.PRODUCTION else "warning", says, do)
    else:
        yield Finding("secrets", "ok", "None is easy to guess.")


def _secrets() -> dict[str, str]:
    database = str(settings.DATABASES["default"].get("PASSWORD", ""))
    edge = unquote(urlsplit(settings.DATABASE_EDGE_URL).password or "")
    given = {
        "SECRET_KEY": settings.SECRET_KEY,
        "the password in DATABASE_URL": database,
        "the password in DATABASE_EDGE_URL": edge,
        "METRICS_TOKEN": settings.METRICS_TOKEN,
    }
    # Empty: over a socket, by certificate, or not used.
    return {name: value for name, value in given.items() if value}


def _is_weak(value: str) -> bool:
    lowered = value.lower()
    return len(value) < 16 or len(set(value)) < _LEAST_DIFFERENT or any(word in lowered for word in _WEAK)


def look_at_keys() -> Iterator[Finding]:
    if not settings.KMS_KEY_ID and not settings.ENCRYPTION_KEYS.active:
        do = "Set ENCRYPTION_KEYS; `manage.py keys generate` prints what a new installation needs."
        yield Finding("encryption keys", "problem", "There is no key to seal clinics' data with.", do)
        return
    missing = set()
    for organization in all_organizations():
        with organization_scope(organization.id), transaction.atomic():
            wrapped_by = DataKey.objects.filter(wrapped__isnull=False).exclude(kek_id="")
            missing |= {kek for kek in wrapped_by.values_list("kek_id", flat=True).distinct() if not _is_there(kek)}
    if missing:
        says = f"Clinics' keys are wrapped by {', '.join(sorted(missing))}, which ENCRYPTION_KEYS does not have."
        yield Finding("encryption keys", "problem", says, "Give the old keys beside the new one.")
    else:
        yield Finding("encryption keys", "ok", "Every key of a clinic can be opened.")


def _is_there(kek: str) -> bool:
    try:
        kek_named(kek)
    except KeyUnavailable:
        return False
    return True


def look_at_addresses() -> Iterator[Finding]:
    parts = urlsplit(settings.PUBLIC_URL)
    host = parts.hostname or ""
    if not host:
        yield Finding("PUBLIC_URL", "problem", f"{settings.PUBLIC_URL} names no host.", "Write https://host.")
    elif not validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        says = f"Links lead to {host}, and ALLOWED_HOSTS does not have it: every page there answers 400."
        yield Finding("PUBLIC_URL", "problem", says, f"Add {host} to ALLOWED_HOSTS.")
    else:
        yield Finding("PUBLIC_URL", "ok", f"People reach the platform at {settings.PUBLIC_URL}.")
    if parts.scheme != "https":
        state: State = "problem" if settings.PRODUCTION else "warning"
        yield Finding("TLS", state, "PUBLIC_URL is plain HTTP.", "Put a proxy with TLS before it.")
    elif not settings.TRUST_PROXY:
        says = "TRUST_PROXY is false: behind a proxy with TLS each request is sent to https again, for ever."
        yield Finding("TLS", "warning", says, "Set TRUST_PROXY=true where a proxy sets X-Forwarded-Proto itself.")
    else:
        yield Finding("TLS", "ok", "TLS ends at a proxy, whose headers are believed.")


def look_at_embedded() -> Iterator[Finding]:
    if settings.PRODUCTION and saved_environment(settings.STATE_DIR) and not os.environ.get("DATABASE_URL"):
        says = "The embedded PostgreSQL or Valkey serves in production."
        yield Finding("embedded services", "warning", says, "Give DATABASE_URL and REDIS_URL of your own servers.")
    else:
        yield Finding("embedded services", "ok", "Not in production.")
