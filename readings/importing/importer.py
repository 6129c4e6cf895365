"""Stores what a parser yields: in pieces, each its own transaction, so that memory and locks stay small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import transaction

from audit.actions import Action
from audit.services import record
from devices.models import Device
from patients.models import Patient
from readings.importing.columns import MMOL_L
from readings.importing.local_times import LocalTimes
from readings.importing.people import FindPatient
from readings.importing.placing import place
from readings.importing.rows import BadRow, IgnoredRow, ParsedRow, Row
from readings.importing.sources import import_source
from readings.importing.values import CellRefused
from readings.models import GlucoseReading, Unit
from readings.rows import Outcome, ReadingRow, RowResult
from readings.services import store_readings

CHUNK = 1000


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
    ignored: Counter[str] = field(default_factory=Counter)

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

    def run(self, rows: Iterable[Row], *, done: int = 0) -> Iterator[int]:
        """Yields how many rows each piece had. Running it again for the same rows changes nothing.

        ``done``: so many rows at the beginning were stored and told by a run that broke off; they are only read, since
        what the clocks showed in them tells how to read those that follow.
        """
        iterator = iter(rows)
        self._pass_over(islice(iterator, done))
        while piece := list(islice(iterator, CHUNK)):
            self._store(piece)
            yield len(piece)

    def _pass_over(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if isinstance(row, ParsedRow):
                self._prepare_sources({row.subject})
                with suppress(CellRefused):
                    place(row.time, self._clocks[row.subject])

    @transaction.atomic
    def _store(self, piece: list[Row]) -> None:
        self._prepare_sources({row.subject for row in piece if isinstance(row, ParsedRow)})
        placed = list(self._placed(piece))
        rows = [self._reading(row, measured_at) for row, measured_at in placed]
        results = store_readings(rows=rows, note_contact=False)
        differing = self._differing(placed, results)
        for (row, measured_at), result in zip(placed, results, strict=True):
            code = self._sources[row.subject][0].code
            if result.outcome is Outcome.UNASSIGNED:
                self._refuse(BadRow(row.line, f"the source of imports for {code} is not assigned at that time"))
            elif row.line in differing:
                self._refuse(BadRow(row.line, "there is another value for this time already, which is kept"))
            else:
                self.summary.patients.setdefault(code, PatientCount()).add(result.outcome, measured_at)
        self._record(placed, results)
        if self._dry_run:
            transaction.set_rollback(True)
            self._sources.clear()

    def _differing(self, placed: list[tuple[ParsedRow, datetime]], results: list[RowResult]) -> set[int]:
        """The lines whose instant is taken by another value: a file with two values for one time has one kept."""
        known = [
            (row, self._sources[row.subject][1].pk, result)
            for (row, _), result in zip(placed, results, strict=True)
            if result.outcome is Outcome.DUPLICATE
        ]
        stored = GlucoseReading.objects.filter(
            patient_id__in={result.patient_id for _, _, result in known},
            device_id__in={device_id for _, device_id, _ in known},
            measured_at__in={result.measured_at for _, _, result in known},
        )
        kept = {
            (device_id, measured_at): (glucose, flag)
            for device_id, measured_at, glucose, flag in stored.values_list(
                "device_id", "measured_at", "glucose", "range_flag"
            )
        }
        return {
            row.line
            for row, device_id, result in known
            if kept.get((device_id, result.measured_at)) != (row.glucose, row.range_flag)
        }

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

    def _placed(self, piece: list[Row]) -> Iterator[tuple[ParsedRow, datetime]]:
        for row in piece:
            if isinstance(row, BadRow):
                self._refuse(row)
                continue
            if isinstance(row, IgnoredRow):
                self.summary.ignored[row.kind] += 1
                continue
            try:
                yield row, place(row.time, self._clocks[row.subject])
            except CellRefused as error:
                self._refuse(BadRow(row.line, str(error)))

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
