from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate

from tenancy.migration_state import rendering_only_what_changed


class Command(migrate.Command):
    """Django's migrate, as the owner: the role that serves owns no table and can make none."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def execute(self, *args: Any, **options: Any) -> str | None:
        # Before the checks: Django's ask the connection, which would be missing without a word of advice.
        if options["database"] == "owner" and "owner" not in settings.DATABASES:
            raise CommandError(
                "DATABASE_OWNER_URL is not set. Migrations run as glucose_owner: set the line that "
                "`manage.py database prepare --admin-url URL` prints, or run `manage.py services start`."
            )
        with rendering_only_what_changed():
            return super().execute(*args, **options)
