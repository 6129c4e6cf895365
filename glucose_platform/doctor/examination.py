"""All looks, in the order in which somebody would mend what they find."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django.db import connections

from glucose_platform.doctor import configuration, database, services
from glucose_platform.doctor.findings import Finding, Look, looked

AWAY = "The database is not reached, see above."
_WITHOUT_DATABASE: tuple[tuple[str, Look], ...] = (
    ("settings", configuration.look_at_settings),
    ("secrets", configuration.look_at_secrets),
    ("PUBLIC_URL", configuration.look_at_addresses),
    ("embedded services", configuration.look_at_embedded),
    ("Redis or Valkey", services.look_at_valkey),
    ("worker", services.look_at_workers),
    ("mail", services.look_at_mail),
    ("disk", services.look_at_the_disk),
)
# With the names of the parts that are not looked at where it is away.
_WITH_DATABASE: tuple[tuple[str, Look], ...] = (
    ("migrations", database.look_at_schema),
    ("log of PostgreSQL", database.look_at_the_servers_log),
    ("audit ledger", database.look_at_the_ledger),
    ("encryption keys", configuration.look_at_keys),
    ("clock of the database", services.look_at_clocks),
)


def examine(*, backups: Path | None = None) -> Iterator[Finding]:
    roles = looked("database role glucose_app", database.look_at_roles)
    yield from roles
    is_away = roles[0].state == "problem" and "does not reach" in roles[0].says
    for part, look in _WITH_DATABASE:
        if is_away:
            yield Finding(part, "not looked at", AWAY)
        else:
            yield from looked(part, look)
    for part, look in _WITHOUT_DATABASE:
        yield from looked(part, look)
    yield from looked("backups", partial(services.look_at_backups, backups))
    connections.close_all()
