from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.one_time.services import disable
from accounts.support_mail import tell_of_disabled_second_factor
from audit.occasion import Actor, Occasion, occasion


class Command(BaseCommand):
    help = (
        "Take away the second factor of somebody who lost phone and recovery codes. Make sure first that it is them: "
        "afterwards the password alone lets them set up another. Their clinics read of it, and they get a mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--reason", required=True, help="how you made sure, for the clinics' ledgers")

    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        user = User.objects.with_email(email)
        if user is None:
            raise CommandError(f"There is no account with the address {email}.")
        with occasion(Occasion(actor=Actor("system", name="reset_second_factor"))):
            had_one = disable(user=user, reason=f"reset by an operator: {reason}")
        if not had_one:
            raise CommandError(f"{user.email} has no second factor.")
        self.stdout.write(f"The second factor of {user.email} is gone. Their next sign-in leads to setting up another.")
        tell_of_disabled_second_factor(user_id=user.pk)
