from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.links import invitation_text
from accounts.roles import Role
from accounts.services import add_member
from patients.models import Patient
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity


class Command(OrganizationCommand):
    help = "Give a person a place in a clinic. Prints a link with which a new person sets a password, once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True, help="what colleagues read")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--patient", metavar="CODE", help="with the role patient: whose glucose the login sees")

    @transaction.atomic
    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        patient = _patient(options["patient"], options["role"])
        try:
            member = add_member(
                email=options["email"],
                name=options["name"],
                role=options["role"],
                patient_id=patient.pk if patient else None,
            )
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"{member.email} is {member.role} of {organization.name} now.")
        self.stdout.write(invitation_text(email=member.email))


def _patient(code: str | None, role: str) -> Patient | None:
    if role != Role.PATIENT:
        if code:
            raise CommandError("--patient goes with --role patient only.")
        return None
    if not code:
        raise CommandError("A login of the role patient needs --patient CODE: whose glucose it sees.")
    patient: Patient | None = Patient.objects.with_code(code).first()
    if patient is None:
        raise CommandError(f"The clinic has no patient {code!r}.")
    return patient
