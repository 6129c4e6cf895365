"""Stores what a parser yields: in pieces, each its own transaction, so that memory and locks stay small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import MAXYEAR, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.services import record
from devices.models import Device
from devices.sources import EARLIEST
from patients.models import Patient
from readings.importing.columns import MMOL_L
from readings.importing.generic import BadRow, ParsedRow
from readings.importing.local_times import LocalTimes
from readings.importing.people import FindPatient
from readings.importing.sources import import_source
from readings.importing.values import CellRefused
from readings.models import Unit
from readings.rows import Outcome, ReadingRow, RowResult
from readings.services import store_readings

CHUNK = 1000
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(slots=True)
class PatientCount:
    created: int = 0
    duplicates: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, outcome: Outcome, measured_at: datetime) -> None:
        if outcome is Outcome.CREATED:
            self.created += 1
        else:
            self.duplicates += 1
        self.first = measured_at if self.first is None else min(self.first, measured_at)
        self.last = measured_at if self.last is None else max(self.last, measured_at)


@dataclass(slots=True)
class Summary:
    patients: dict[str, PatientCount] = field(default_factory=dict)
    bad: int = 0

    @property
    def created(self) -> int:
        return sum(count.created for count in self.patients.values())

    @property
    def duplicates(self) -> int:
        return sum(count.duplicates for count in self.patients.values())


class Importer:
    """``zone`` None means each patient's own.

    A dry run stores each piece and rolls it back: it tells what would happen, but it cannot know that a row stood in
    an earlier piece of the same file.
    """

    def __init__(
        self,
        *,
        find_patient: FindPatient,
        zone: ZoneInfo | None = None,
        dry_run: bool = False,
        on_bad_row: Callable[[BadRow], None],
    ) -> None:
        self._find_patient = find_patient
        self._zone = zone
        self._dry_run = dry_run
        self._on_bad_row = on_bad_row
        self._sources: dict[str, tuple[Patient, Device]] = {}
        self._clocks: dict[str, LocalTimes] = {}
        self.summary = Summary()

    def run(self, rows: Iterable[ParsedRow | BadRow]) -> Iterator[int]:
        """Yields how many rows each piece had. Running it again for the same rows changes nothing."""
        iterator = iter(rows)
        while piece := list(islice(iterator, CHUNK)):
            self._store(piece)
            yield len(piece)

    @transaction.atomic
    def _store(self, piece: list[ParsedRow | BadRow]) -> None:
        self._prepare_sources({row.subject for row in piece if isinstance(row, ParsedRow)})
        placed = list(self._placed(piece))
        rows = [self._reading(row, measured_at) for row, measured_at in placed]
        results = store_readings(rows=rows, note_contact=False)
        for (row, measured_at), result in zip(placed, results, strict=True):
            code = self._sources[row.subject][0].code
            if result.outcome is Outcome.UNASSIGNED:
                self._refuse(BadRow(row.line, f"the source of imports for {code} is not assigned at that time"))
            else:
                self.summary.patients.setdefault(code, PatientCount()).add(result.outcome, measured_at)
        self._record(placed, results)
        if self._dry_run:
            transaction.set_rollback(True)
            self._sources.clear()

    def _record(self, placed: list[tuple[ParsedRow, datetime]], results: list[RowResult]) -> None:
        """One entry for each patient in the piece: what is stored and who did it are committed together."""
        outcomes = zip((row.subject for row, _ in placed), (result.outcome for result in results), strict=True)
        created = Counter(subject for subject, outcome in outcomes if outcome is Outcome.CREATED)
        for subject, count in created.items():
            patient, device = self._sources[subject]
            record(
                action=Action.IMPORT,
                object_type="readings.glucosereading",
                object_id=device.code,
                patient_id=patient.pk,
                count=count,
            )

    def _prepare_sources(self, subjects: set[str]) -> None:
        # In one order, so that two imports never wait for each other's patients.
        for subject in sorted(subjects - self._sources.keys()):
            patient = self._find_patient(subject)
            self._sources[subject] = (patient, import_source(patient=patient))
            self._clocks.setdefault(subject, LocalTimes(self._zone or patient.zone))

    def _placed(self, piece: list[ParsedRow | BadRow]) -> Iterator[tuple[ParsedRow, datetime]]:
        for row in piece:
            if isinstance(row, BadRow):
                self._refuse(row)
                continue
            try:
                yield row, self._instant(row)
            except CellRefused as error:
                self._refuse(BadRow(row.line, str(error)))

    def _instant(self, row: ParsedRow) -> datetime:
        # A year away from either end of what can be stored, so that no offset carries the time beyond it.
        if not EARLIEST.year < row.time.year < MAXYEAR:
            raise CellRefused(f"the year {row.time.year} cannot be right")
        measured_at = self._clocks[row.subject].instant(row.time)
        if measured_at > timezone.now() + CLOCK_TOLERANCE:
            raise CellRefused(f"{row.time} lies in the future")
        return measured_at

    def _reading(self, row: ParsedRow, measured_at: datetime) -> ReadingRow:
        return ReadingRow(
            device_id=self._sources[row.subject][1].pk,
            measured_at=measured_at,
            glucose=row.glucose,
            unit=Unit.MMOL_L if row.unit == MMOL_L else Unit.MG_DL,
            range_flag=row.range_flag,
        )

    def _refuse(self, row: BadRow) -> None:
        self.summary.bad += 1
        self._on_bad_row(row)
