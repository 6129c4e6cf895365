"""What an import would do, told before it is done. Nothing is written."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from devices.models import Assignment, Device
from devices.sources import EARLIEST
from patients.models import Patient
from readings.importing.local_times import LocalTimes
from readings.importing.placing import place
from readings.importing.reading import ImportFile
from readings.importing.rows import BadRow, IgnoredRow
from readings.importing.values import CellRefused
from readings.models import GlucoseReading
from readings.rows import cut_to_milliseconds

ENDS = 5
SHOWN_REFUSALS = 100
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class ShownRow:
    line: int
    measured_at: datetime
    glucose: int
    range_flag: int


@dataclass(slots=True)
class Preview:
    """``new``: readings that would be stored. ``known``: of those, imported before. ``elsewhere``: readings that the
    patient has in the same period from other sources; copies of them are recognised when they are stored."""

    file: ImportFile
    zone: ZoneInfo
    rows: int = 0
    new: int = 0
    known: int = 0
    elsewhere: int = 0
    refused: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    refusals: list[tuple[int, str]] = field(default_factory=list)
    first_at: datetime | None = None
    last_at: datetime | None = None
    first_rows: list[ShownRow] = field(default_factory=list)
    last_rows: deque[ShownRow] = field(default_factory=lambda: deque(maxlen=ENDS))

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < SHOWN_REFUSALS:
            self.refusals.append((line, reason))


def preview(*, file: ImportFile, patient: Patient, zone: ZoneInfo | None) -> Preview:
    """Of a file that leaves no order of dates open. ``zone`` None: the patient's own."""
    told = Preview(file, zone or patient.zone)
    source, seen = _source_of(patient), set[datetime]()
    placed = _placed(told)
    while piece := list(islice(placed, _AT_ONCE)):
        known = _known(patient, source, [row.measured_at for row in piece])
        for row in piece:
            _add(told, row, is_known=row.measured_at in known or row.measured_at in seen)
            seen.add(row.measured_at)
    told.elsewhere = _elsewhere(patient, source, told)
    return told


def _placed(told: Preview) -> Iterator[ShownRow]:
    clock = LocalTimes(told.zone)
    for row in told.file.rows():
        told.rows += 1
        if isinstance(row, IgnoredRow):
            told.ignored[row.kind] += 1
        elif isinstance(row, BadRow):
            told.refuse(row.line, row.reason)
        else:
            try:
                measured_at = cut_to_milliseconds(place(row.time, clock))
            except CellRefused as error:
                told.refuse(row.line, str(error))
                continue
            yield ShownRow(row.line, measured_at, row.glucose, row.range_flag)


def _add(told: Preview, row: ShownRow, *, is_known: bool) -> None:
    told.known += is_known
    told.new += not is_known
    told.first_at = row.measured_at if told.first_at is None else min(told.first_at, row.measured_at)
    told.last_at = row.measured_at if told.last_at is None else max(told.last_at, row.measured_at)
    if len(told.first_rows) < ENDS:
        told.first_rows.append(row)
    else:
        told.last_rows.append(row)


def _source_of(patient: Patient) -> int | None:
    found: int | None = (
        Assignment.objects.open()
        .filter(patient=patient, starts_at__lte=EARLIEST, device__kind=Device.Kind.IMPORT)
        .values_list("device_id", flat=True)
        .first()
    )
    return found


def _known(patient: Patient, source: int | None, instants: Iterable[datetime]) -> set[datetime]:
    if source is None:
        return set()
    stored = GlucoseReading.objects.filter(patient_id=patient.pk, device_id=source, measured_at__in=list(instants))
    return set(stored.values_list("measured_at", flat=True))


def _elsewhere(patient: Patient, source: int | None, told: Preview) -> int:
    if told.first_at is None or told.last_at is None:
        return 0
    readings = GlucoseReading.objects.for_patient(patient).canonical()
    inside = readings.between(told.first_at, told.last_at + timedelta(milliseconds=1))
    count: int = (inside if source is None else inside.exclude(device_id=source)).count()
    return count
