from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.links import invitation_text
from accounts.roles import Role
from accounts.services import add_member
from tenancy.models import GlucoseUnit
from tenancy.scope import organization_scope
from tenancy.services import create_organization


class Command(BaseCommand):
    help = "Create a clinic and its owner. Prints a link with which the owner sets a password, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="short name in small letters, digits and hyphens: northside")
        parser.add_argument("name", help='what people read: "Northside Clinic"')
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="e-mail address of the owner")
        parser.add_argument("--timezone", default="UTC", help="where the clinic is: Europe/Berlin (default: UTC)")
        parser.add_argument("--unit", choices=GlucoseUnit.values, default=GlucoseUnit.MG_DL.value, help="of glucose")

    def handle(self, *args: Any, code: str, name: str, owner: str, timezone: str, unit: str, **options: Any) -> None:
        try:
            # Both or neither: a clinic without an owner could not be used, and its code would be taken.
            with transaction.atomic():
                organization = create_organization(code=code, name=name, timezone=timezone, glucose_unit=unit)
                with organization_scope(organization.id):
                    member = add_member(email=owner, name=owner.partition("@")[0], role=Role.OWNER)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"Created {organization.name} ({organization.code}) with the owner {member.email}.")
        self.stdout.write(invitation_text(email=member.email))
