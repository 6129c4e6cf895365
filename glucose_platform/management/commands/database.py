from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError

from glucose_platform import database_roles
from glucose_platform.env import Env


class Command(BaseCommand):
    help = "Create the database and its roles on a PostgreSQL server (15 or newer). Can be repeated."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="action", required=True)
        prepare = commands.add_parser(
            "prepare",
            help="create or repair roles, database and grants, and print the URLs as lines for an env file",
            description="Passwords that DATABASE_URL and its sisters (or their _FILE forms) carry are used; new roles "
            "without one get a random password. Existing roles keep theirs.",
        )
        prepare.add_argument(
            "--admin-url", required=True, help="a superuser's URL; on a managed server the master user's"
        )
        prepare.add_argument("--database", default="glucose", help="name of the database (default: glucose)")
        prepare.add_argument(
            "--rotate-passwords", action="store_true", help="give every role a new password; old URLs stop working"
        )

    def handle(self, *args: Any, admin_url: str, database: str, rotate_passwords: bool, **options: Any) -> None:
        try:
            urls = database_roles.prepare(
                admin_url,
                database=database,
                passwords=_given_passwords(),
                rotate_passwords=rotate_passwords,
                warn=self.stderr.write,
            )
        except database_roles.PrepareError as error:
            raise CommandError(str(error)) from error
        except psycopg.OperationalError as error:
            raise CommandError(f"The server of --admin-url cannot be used: {error}") from error
        for role, variable in database_roles.VARIABLES.items():
            if variable in urls:
                self.stdout.write(f"{variable}={urls[variable]}")
            else:
                self.stderr.write(
                    f"{role} exists already and its password is not known here. Keep the {variable} that you have, "
                    "give it in the environment, or run again with --rotate-passwords."
                )


def _given_passwords() -> dict[str, str]:
    """Only what the operator gives, not what settings add: those may be the embedded server's passwords."""
    env = Env(os.environ)
    passwords: dict[str, str] = {}
    for role, variable in database_roles.VARIABLES.items():
        parts = urlsplit(env.text(variable, help="", secret=True))
        if parts.password and unquote(parts.username or "") == role:
            passwords[role] = unquote(parts.password)
    if env.problems:
        raise CommandError("\n".join(env.problems))
    return passwords
