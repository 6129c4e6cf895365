from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import structlog
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from audit.actions import Action
from audit.services import record_look
from patients.models import Patient
from reports.glucose_report.choosing import choices_of
from reports.glucose_report.language import LanguageCode
from reports.glucose_report.loading import report_content
from reports.glucose_report.pdf import report_pdf
from reports.glucose_report.subject import PERIODS, USUAL_PERIOD, Choices, Paper
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity
from tenancy.models import GlucoseUnit, Organization

log = structlog.get_logger(__name__)


class Command(OrganizationCommand):
    help = (
        "Write a report of one page for each current patient of a clinic, as CODE.pdf; each is recorded in the ledger. "
        "Files that exist are left alone, so a run that was stopped goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", type=Path, metavar="FOLDER", required=True, help="made where it is missing")
        parser.add_argument("--patient", metavar="CODE", action="append", help="only this one; can be repeated")
        parser.add_argument("--days", type=int, choices=PERIODS, default=USUAL_PERIOD)
        parser.add_argument("--unit", choices=GlucoseUnit.values, help="default: the clinic's")
        parser.add_argument("--language", choices=[code.value for code in LanguageCode], default="en")
        parser.add_argument("--paper", choices=[paper.value for paper in Paper], help="default: by the clinic's clock")

    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        folder: Path = options["out"]
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise CommandError(f"{folder} cannot be made: {error.strerror}.") from error
        clinic, codes = _asked_for(organization, options["patient"])
        names = ("days", "unit", "language", "paper")
        choices = choices_of({name: str(options[name]) for name in names if options[name]}, clinic)
        made, kept, failed = 0, 0, []
        with Progress(console=Console(stderr=True), disable=not self.stderr.isatty()) as progress:
            for code in progress.track(codes, description="Reports"):
                path = folder / f"{code}.pdf"
                if path.exists():
                    kept += 1
                elif problem := _written(path, code, clinic, choices):
                    failed.append(f"{code}: {problem}")
                else:
                    made += 1
        self.stdout.write(f"{made} made, {kept} were there already, {len(failed)} failed.")
        if failed:
            raise CommandError("\n".join(["No report of:", *failed]))


@transaction.atomic
def _asked_for(organization: OrganizationIdentity, wanted: list[str] | None) -> tuple[Organization, list[str]]:
    codes = list(Patient.objects.current().order_by("code").values_list("code", flat=True))
    if unknown := sorted(set(wanted or ()) - set(codes)):
        raise CommandError(f"{organization.name} has no patient {', '.join(unknown)}.")
    return Organization.objects.get(pk=organization.id), [code for code in codes if wanted is None or code in wanted]


def _written(path: Path, code: str, clinic: Organization, choices: Choices) -> str:
    """Why there is no file; empty where there is one."""
    try:
        pdf = _made(code, clinic, choices)
        # Under another name until it is whole: what is there under its own is never made again.
        part = path.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(pdf)
        part.rename(path)
    except OSError as error:
        return f"the file cannot be written: {error.strerror}"
    except Exception:
        log.exception("report_not_made")
        return "the report could not be made; the log says why"
    return ""


@transaction.atomic
def _made(code: str, clinic: Organization, choices: Choices) -> bytes:
    patient = Patient.objects.get(code=code)
    record_look(kind="reports.report_file", object_id=code, patient_id=patient.pk, action=Action.EXPORT, always=True)
    now = timezone.now()
    return report_pdf(report_content(patient=patient, clinic=clinic, choices=choices, made_at=now), made_at=now)
