from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """In the place of Django's: nobody but its person knows a password, operators included."""

    help = "Passwords are chosen by their persons, with a link from a mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "Passwords are chosen by their persons alone: at /account/forgot-password/ they get a mail with a link."
        )
