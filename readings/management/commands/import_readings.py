from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from rich.console import Console
from rich.progress import Progress

from readings.importing.columns import MG_DL, MMOL_L
from readings.importing.dates import DateOrder
from readings.importing.importer import Importer, Summary
from readings.importing.layout import Format
from readings.importing.people import FindPatient, find_or_create, survey, unknown_codes
from readings.importing.reading import Answers, ImportFile, open_file
from readings.importing.report import BadRowReport, summary_table
from readings.importing.table import FileRefused
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity
from tenancy.models import Organization, validate_timezone


class Command(OrganizationCommand):
    help = (
        "Import glucose readings from a CSV file of Dexcom Clarity, LibreView or any program. Repeating it changes "
        "nothing. A subject such as 'Subject 1' is the patient Subject_1. Times without an offset are local times of "
        "the patient; those that a clock change skipped are refused, those that it repeated are read in the file's "
        "order. Exit code 1: some rows were refused, the good ones are stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--patient-column", metavar="NAME", help="the column that holds the patients' codes")
        whose.add_argument("--patient", metavar="CODE", help="the whole file is this patient's")
        parser.add_argument("--format", choices=[one.value for one in Format], help="default: what the file looks like")
        parser.add_argument("--timezone", metavar="ZONE", help="of times without offset (default: each patient's own)")
        parser.add_argument("--unit", choices=[MG_DL, MMOL_L], help="where the header does not tell (default: mg/dL)")
        parser.add_argument(
            "--date-order", choices=list(DateOrder), help="of 03/04/2026, where the file does not show it"
        )
        parser.add_argument("--create-patients", action="store_true", help="make those that the clinic does not have")
        parser.add_argument("--dry-run", action="store_true", help="store nothing and tell what would happen")
        parser.add_argument("--errors", type=Path, metavar="FILE", help="write every refused row there, as CSV")

    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        try:
            zone = _zone(options["timezone"])
            file = _opened(options)
            count, subjects = survey(file.rows())
            find_patient = _patient_finder(organization, subjects, options)
            with BadRowReport(show=self.stderr.write, file=options["errors"]) as report:
                importer = Importer(
                    find_patient=find_patient, zone=zone, dry_run=options["dry_run"], on_bad_row=report.add
                )
                with Progress(console=Console(stderr=True), disable=not self.stderr.isatty()) as progress:
                    task = progress.add_task("Importing", total=count)
                    for done in importer.run(file.rows()):
                        progress.advance(task, done)
        except FileRefused as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self._conclude(importer.summary, dry_run=options["dry_run"], listed=options["errors"])

    def _conclude(self, summary: Summary, *, dry_run: bool, listed: Path | None) -> None:
        self.stdout.write(summary_table(summary, dry_run=dry_run))
        if dry_run:
            self.stdout.write("This was a dry run: nothing was stored.")
        if summary.bad:
            kept = "would be stored" if dry_run else "are stored"
            hint = f" {listed} lists them." if listed else " With --errors FILE all of them are written to a file."
            raise CommandError(f"{summary.bad:,} rows were refused; the others {kept}.{hint}")


def _opened(options: dict[str, Any]) -> ImportFile:
    answers = Answers(
        format=Format(options["format"]) if options["format"] else None,
        unit=options["unit"],
        date_order=DateOrder(options["date_order"]) if options["date_order"] else None,
        subject_column=options["patient_column"],
    )
    if options["patient_column"] and answers.format not in (None, Format.GENERIC):
        raise CommandError("A file of this format is one patient's. Name the patient with --patient.")
    file = open_file(options["file"], answers)
    for question in file.questions:
        if question.name == "dateOrder":
            choices = ", or ".join(f"--date-order {choice.value} ({choice.text})" for choice in question.choices)
            raise CommandError(f"{question.text} Nothing was stored. Say {choices}.")
    return file


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    validate_timezone(name)
    return ZoneInfo(name)


@transaction.atomic
def _patient_finder(organization: OrganizationIdentity, subjects: set[str], options: dict[str, Any]) -> FindPatient:
    codes = {options["patient"]} if options["patient"] else subjects
    missing = unknown_codes(codes)
    if missing and not options["create_patients"]:
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise CommandError(
            f"{organization.name} has no patient {', '.join(missing[:10])}{more}. Nothing was stored. "
            "Make the patients first, or let this command make them with --create-patients."
        )
    timezone = options["timezone"] or Organization.objects.get(pk=organization.id).timezone
    find = find_or_create(timezone=timezone)
    if not options["patient"]:
        return find
    return lambda _: find(options["patient"])
