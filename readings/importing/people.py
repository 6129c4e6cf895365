"""Which patients a file speaks of, settled before the first row is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from patients.models import Patient
from readings.importing.rows import ParsedRow, Row
from readings.importing.sources import create_imported_patient

FindPatient = Callable[[str], Patient]


def survey(rows: Iterable[Row]) -> tuple[int, set[str]]:
    """How many rows there are, and the subjects of those that can be read."""
    count, subjects = 0, set()
    for row in rows:
        count += 1
        if isinstance(row, ParsedRow):
            subjects.add(row.subject)
    return count, subjects


def unknown_codes(codes: set[str]) -> list[str]:
    known = Patient.objects.filter(code__in=codes).values_list("code", flat=True)
    return sorted(codes - set(known))


def find_or_create(*, timezone: str) -> FindPatient:
    """Asked inside each piece's transaction: what a dry run makes there is rolled back with the rest."""

    def find(code: str) -> Patient:
        patient: Patient | None = Patient.objects.with_code(code).first()
        return patient or create_imported_patient(code=code, timezone=timezone)

    return find
