"""Brings in medical histories of an earlier system: all lines of a file, or none."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from patients.history import Author, add_history_entry
from patients.models import HistoryEntry, Patient
from patients.models.history import TEXT_LENGTH
from tenancy.encryption.blind_index import line_digest
from tenancy.encryption.fernet import FernetReader, UnreadableToken

COLUMNS = ("patient", "kind", "recorded_at", "text")
AUTHOR_LENGTH = 150
IMPORTED = "imported"


class FileRefused(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Line:
    patient: Patient
    kind: str
    recorded_at: datetime
    text: str = field(repr=False)
    author: str

    def digest(self) -> bytes:
        return line_digest(str(self.patient.public_id), self.kind, self.recorded_at.isoformat(), self.text)


@dataclass
class Outcome:
    """``problems``: number of the line, and a sentence without anything clinical. Any problem: nothing was stored."""

    stored: int = 0
    had_already: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def import_history(file: Path, *, reader: FernetReader) -> Outcome:
    """Lines that were imported before are passed over. Raises FileRefused."""
    outcome = Outcome()
    lines = list(_checked(file, reader, outcome))
    if outcome.problems:
        return outcome
    known = {bytes(digest) for digest in _known_digests()}
    for line in lines:
        digest = line.digest()
        if digest in known:
            outcome.had_already += 1
            continue
        known.add(digest)
        add_history_entry(
            patient=line.patient,
            kind=line.kind,
            text=line.text,
            author=Author(name=line.author),
            created_at=line.recorded_at,
            import_digest=digest,
        )
        outcome.stored += 1
    return outcome


def _known_digests() -> Iterator[bytes]:
    yield from HistoryEntry.objects.filter(import_digest__isnull=False).values_list("import_digest", flat=True)


def _checked(file: Path, reader: FernetReader, outcome: Outcome) -> Iterator[Line]:
    patients: dict[str, Patient | None] = {}
    for number, row in _rows(file):
        try:
            code = (row["patient"] or "").strip()
            if code not in patients:
                patients[code] = Patient.objects.with_code(code).first()
            yield _line(row, patients[code], reader)
        except ValueError as problem:
            outcome.problems.append((number, str(problem)))


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened, strict=True)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
            if missing:
                raise FileRefused(f"The file has no column {', '.join(missing)}. It needs {', '.join(COLUMNS)}.")
            for row in rows:
                yield rows.line_num, row
    except OSError as error:
        raise FileRefused(f"The file cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileRefused("The file is not CSV in UTF-8 with commas.") from error


def _line(row: dict[str, str], patient: Patient | None, reader: FernetReader) -> Line:
    """Raises ValueError with the sentence for the operator."""
    if None in row or None in row.values():
        raise ValueError("the number of columns is not that of the header")
    if patient is None:
        raise ValueError("the clinic has no patient with this code")
    kind = row["kind"].strip().lower()
    if kind not in HistoryEntry.Kind.values:
        raise ValueError(f"the kind is not one of {', '.join(HistoryEntry.Kind.values)}")
    text = _text(row["text"], reader)
    author = (row.get("author") or IMPORTED).strip()[:AUTHOR_LENGTH]
    return Line(patient, kind, _instant(row["recorded_at"], patient), text, author)


def _text(written: str, reader: FernetReader) -> str:
    try:
        text = reader.plain(written.strip()).strip()
    except UnreadableToken as error:
        raise ValueError(str(error)) from None
    if not text:
        raise ValueError("the text is empty")
    if len(text) > TEXT_LENGTH:
        raise ValueError(f"the text has more than {TEXT_LENGTH:,} characters")
    if "\x00" in text:
        raise ValueError("the text holds a NUL character")
    return text


def _instant(written: str, patient: Patient) -> datetime:
    """Without an offset it is local time of the patient."""
    try:
        instant = datetime.fromisoformat(written.strip())
    except ValueError:
        raise ValueError("the time is not of the form 2026-03-01T08:00:00+01:00") from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=patient.zone)
    if instant > timezone.now():
        raise ValueError("the time lies in the future")
    return instant
