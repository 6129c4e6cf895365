from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """In the place of Django's, which people try first: nobody here is above the clinics."""

    help = "There are no superusers: see create_organization and support_person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email")
        parser.add_argument("--noinput", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "There are no superusers here. manage.py create_organization makes a clinic with its owner, "
            "create_user a member of a clinic, support_person somebody who gives support."
        )
