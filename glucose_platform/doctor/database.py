"""PostgreSQL: each role's own login, what it may do, the schema, the months and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.models import Entry, Seal
from audit.seals.due import organizations_with_unsealed_entries
from glucose_platform import figures, postgres_log
from glucose_platform.database_roles import VARIABLES
from glucose_platform.doctor.findings import Finding
from tenancy import roles
from tenancy.scope import organization_scope
from tenancy.startup import NOT_THIS_ROLE, ONLY_THIS_ROLE

PREPARE = "Run `manage.py database prepare --admin-url URL` and set {variable} to the line that it prints for {role}."
MONTHS_WANTED = timedelta(days=21)
SEALED_WITHIN = timedelta(minutes=15)


def look_at_roles() -> Iterator[Finding]:
    yield from _login(roles.APP, _parameters("default"))
    if settings.DATABASE_EDGE_URL:
        yield from _login(roles.EDGE, {"conninfo": settings.DATABASE_EDGE_URL})
    else:
        says = "DATABASE_EDGE_URL is not set: the data plane (glucose_platform.asgi) cannot be served."
        yield Finding("database role glucose_edge", "warning", says, _prepare(roles.EDGE))
    if "owner" in settings.DATABASES:
        yield from _login(roles.OWNER, _parameters("owner"))


def _parameters(alias: str) -> dict[str, Any]:
    given = settings.DATABASES[alias]
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: given[key] for name, key in names.items() if given.get(key)}


def _login(role: str, parameters: Mapping[str, Any]) -> Iterator[Finding]:
    part = f"database role {role}"
    variable = VARIABLES[role]
    told = dict(parameters)
    conninfo = told.pop("conninfo", "")
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=5, **told) as opened:
            (name,) = opened.execute("SELECT current_user").fetchone() or ("",)
            query, expected = (ONLY_THIS_ROLE, role) if role == roles.EDGE else (NOT_THIS_ROLE, roles.SUPPORT)
            _, sees_more = opened.execute(query, [expected]).fetchone() or ("", True)
    except psycopg.OperationalError as error:
        yield Finding(part, "problem", f"{variable} does not reach the database: {_reason(error)}", _how(error, role))
        return
    if name != role:
        yield Finding(part, "problem", f"{variable} signs in as {name}, not as {role}.", _prepare(role))
    elif sees_more and role != roles.OWNER:
        yield Finding(part, "problem", f"{role} may do more than it should: it can see every clinic.", _prepare(role))
    else:
        yield Finding(part, "ok", f"{variable} signs in as {role}, with its own rights.")


def _reason(error: Exception) -> str:
    """Its last line says why; those before repeat addresses that it tried."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _how(error: Exception, role: str) -> str:
    text = str(error)
    if "password authentication" in text or "role" in text or "does not exist" in text:
        return _prepare(role)
    return "Is PostgreSQL running, and is the address right? Embedded: `manage.py services start`."


def _prepare(role: str) -> str:
    return PREPARE.format(variable=VARIABLES[role], role=role)


def look_at_schema() -> Iterator[Finding]:
    # Imported here: it imports every view.
    from glucose_platform.system import migrated

    if not migrated():
        do = "Run `manage.py migrate` with DATABASE_OWNER_URL."
        yield Finding("migrations", "problem", "The database lacks migrations of this version.", do)
        return
    yield Finding("migrations", "ok", "All are applied.")
    until = {table: covered_until() for table, covered_until in figures.COVERED_UNTIL.items()}
    short = [table for table, end in until.items() if end < timezone.now() + MONTHS_WANTED]
    if short:
        says = f"Fewer than {MONTHS_WANTED.days} days are left for {', '.join(short)}."
        yield Finding("partitions", "problem", says, "Run `manage.py partitions`; then see to beat and the workers.")
    else:
        yield Finding("partitions", "ok", f"All can be stored until {min(until.values()):%Y-%m-%d}.")


def look_at_the_servers_log() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(postgres_log.SETTINGS_QUERY, [list(postgres_log.QUIET)])
        telling = list(postgres_log.telling(dict(cursor.fetchall())))
    if telling:
        wanted = ", ".join(f"{name} = {postgres_log.QUIET[name]}" for name in telling)
        says = "PostgreSQL's own log would hold patients' data from statements."
        yield Finding("log of PostgreSQL", "warning", says, f"Set on the server: {wanted}.")
    else:
        yield Finding("log of PostgreSQL", "ok", "It holds no statements.")


def look_at_the_ledger() -> Iterator[Finding]:
    late = []
    for organization_id in organizations_with_unsealed_entries():
        with organization_scope(organization_id), transaction.atomic():
            last = Seal.objects.order_by("-number").first()
            waiting = Entry.objects.filter(at__gt=last.last_at) if last else Entry.objects.all()
            oldest = waiting.order_by("at").values_list("at", flat=True).first()
        if oldest is not None and oldest < timezone.now() - SEALED_WITHIN:
            late.append(organization_id)
    if late:
        says = f"Entries of {len(late)} clinics have been waiting for their seal for more than 15 minutes."
        do = "See to beat and the workers; `audit_not_sealed` in the workers' log says why."
        yield Finding("audit ledger", "problem", says, do)
    else:
        yield Finding("audit ledger", "ok", "It is sealed up to now. `manage.py audit verify` compares all of it.")
