"""Faults of the settings and of the database server's, told by management commands."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from glucose_platform import postgres_log


@register()
def settings_have_no_faults(**kwargs: Any) -> list[CheckMessage]:
    return [Error(problem, id="glucose_platform.E001") for problem in settings.SETTINGS_PROBLEMS]


@register(Tags.database)
def the_database_servers_log_holds_no_values(**kwargs: Any) -> list[CheckMessage]:
    if "default" not in (kwargs["databases"] or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(postgres_log.SETTINGS_QUERY, [list(postgres_log.QUIET)])
        telling = list(postgres_log.telling(dict(cursor.fetchall())))
    if not telling:
        return []
    wanted = ", ".join(f"{name} = {postgres_log.QUIET[name]}" for name in telling)
    sentence = f"PostgreSQL's own log would hold patients' data from statements. Set on the server: {wanted}."
    return [Warning(sentence, id="glucose_platform.W001")]
