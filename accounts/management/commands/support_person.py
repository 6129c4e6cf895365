from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import set_password_link
from accounts.support import name_support_person, remove_support_person, support_people


class Command(BaseCommand):
    help = (
        "Who gives support: people who may enter any clinic with a reason, for an hour at most, and look. "
        "Needs DATABASE_OWNER_URL: the role that serves cannot make anybody one of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="make an account one of the support's; a new one gets a link")
        add.add_argument("email")
        add.add_argument("--name", required=True, help="what clinics read")
        remove = actions.add_parser("remove", help="the account stays, and enters no clinic any more")
        remove.add_argument("email")
        actions.add_parser("list")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None

    def _add(self, *, email: str, name: str, **options: Any) -> None:
        user = name_support_person(email=email, name=name)
        self.stdout.write(f"{user.email} gives support as {user.support_name}.")
        if not user.has_usable_password():
            self.stdout.write(f"To set the password, once: {set_password_link(user=user)}")
        self.stdout.write("The first sign-in at /admin/ leads to setting up the second factor.")

    def _remove(self, *, email: str, **options: Any) -> None:
        if not remove_support_person(email=email):
            raise CommandError(f"{email} does not give support.")
        self.stdout.write(f"{email} does not give support any more; accesses that were open have ended.")

    def _list(self, **options: Any) -> None:
        for user in support_people():
            self.stdout.write(f"{user.email}  {user.support_name}")
