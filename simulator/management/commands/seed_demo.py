from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from simulator.clinics import DEMO_CLINICS
from simulator.demo import NotHereError, seed_clinic


class Command(BaseCommand):
    help = "Fill a demo clinic with people, devices and their last days of glucose. Repeated, it adds what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        # No OrganizationCommand: the clinic need not exist yet, and only these two may be filled.
        parser.add_argument("--organization", required=True, choices=sorted(DEMO_CLINICS))

    def handle(self, *args: Any, organization: str, **options: Any) -> None:
        clinic = DEMO_CLINICS[organization]
        try:
            count = seed_clinic(clinic=clinic, now=timezone.now())
        except NotHereError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(
            f"{clinic.name}: {len(clinic.patients)} patients, {len(clinic.devices)} devices, {count:,} new readings."
        )
