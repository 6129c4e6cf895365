"""Traces from a plain CSV file: a header, then a reading a line."""

from __future__ import annotations

import csv
import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from analytics.trace import Trace
from analytics.units import MG_DL_PER_MMOL_L

Unit = Literal["mg/dL", "mmol/L"]

# In small letters without blanks, punctuation and unit.
SUBJECT_NAMES = ("subject", "subjectid", "patient", "patientid", "participant", "person", "id")
TIME_NAMES = ("time", "timestamp", "datetime", "measuredat", "devicetimestamp", "displaytime", "date")
GLUCOSE_NAMES = ("glucose", "glucosevalue", "sensorglucose", "historicglucose", "gl", "bg", "sgv", "value")
UNIT_PATTERN = re.compile(r"mmol\s*/?\s*l|mg\s*/?\s*dl")

WORDS = {"low": (39.0, -1), "lo": (39.0, -1), "high": (401.0, 1), "hi": (401.0, 1)}
EMPTY = {"", "na", "nan", "null"}
# Nobody's median is as low in mg/dL, or as high in mmol/L.
LOWEST_MEDIAN = 36.0


class FileRefused(Exception):
    """Its message says what to do."""


@dataclass(slots=True)
class Person:
    """Columns of a trace in the making; ``glucose`` as the file has it."""

    instants: list[datetime] = field(default_factory=list)
    glucose: list[float] = field(default_factory=list)
    beyond: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Columns:
    time: int
    glucose: int
    subject: int | None
    unit: Unit | None


def read_traces(path: Path, zone: ZoneInfo, unit: Unit | None = None) -> tuple[dict[str, Trace], Unit]:
    """By subject, in the file's order, and the unit of the values; the subject is "" where no column names one.

    Times without an offset are those of ``zone``'s clock. Empty values are left out; "Low" and "High" are 39 and 401
    mg/dL, beyond the sensor's range. Anything else that is not understood is refused, with its line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            people, columns = _read(lines, zone)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise FileRefused(f"{path} is not UTF-8 text. Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise FileRefused(f"{path} is not a CSV file: {error}.") from error
    known = _unit(people.values(), columns, unit)
    return {name: _trace(person, zone, known) for name, person in people.items()}, known


def _read(lines: Iterable[str], zone: ZoneInfo) -> tuple[dict[str, Person], Columns]:
    rows = iter(lines)
    header = next(rows, "")
    delimiter = max(",;\t", key=header.count)
    columns = _columns(next(csv.reader([header], delimiter=delimiter), []))
    people: dict[str, Person] = {}
    for number, cells in enumerate(csv.reader(rows, delimiter=delimiter), start=2):
        if not any(cells):
            continue
        try:
            _add(people, cells, columns, zone, is_comma_decimal=delimiter != ",")
        except (ValueError, IndexError) as error:
            reason = "it has too few cells" if isinstance(error, IndexError) else error
            raise FileRefused(f"Line {number} is refused: {reason}.") from error
    return people, columns


def _columns(header: Sequence[str]) -> Columns:
    plain = [re.sub(r"[\W_]", "", UNIT_PATTERN.sub("", name.lower())) for name in header]
    time = _needed(header, plain, TIME_NAMES, "times")
    glucose = _needed(header, plain, GLUCOSE_NAMES, "glucose values")
    found = UNIT_PATTERN.search(header[glucose].lower())
    unit: Unit | None = None if found is None else "mmol/L" if found[0].startswith("mmol") else "mg/dL"
    return Columns(time, glucose, _place(plain, SUBJECT_NAMES), unit)


def _needed(header: Sequence[str], plain: Sequence[str], names: Sequence[str], what: str) -> int:
    place = _place(plain, names)
    if place is None:
        raise FileRefused(
            f"The first line names no column of {what}: {', '.join(header) or 'it is empty'}. "
            f"Name it {', '.join(names[:-1])} or {names[-1]}."
        )
    return place


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _add(
    people: dict[str, Person], cells: Sequence[str], columns: Columns, zone: ZoneInfo, *, is_comma_decimal: bool
) -> None:
    text = cells[columns.glucose].strip().lower()
    if text in EMPTY:
        return
    name = "" if columns.subject is None else cells[columns.subject].strip()
    person = people.setdefault(name, Person())
    instant = _instant(cells[columns.time].strip(), zone, person.instants[-1] if person.instants else None)
    glucose, beyond = WORDS.get(text) or (_number(text.replace(",", ".") if is_comma_decimal else text), 0)
    person.instants.append(instant)
    person.glucose.append(glucose)
    person.beyond.append(beyond)


def _instant(text: str, zone: ZoneInfo, previous: datetime | None) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time such as 2026-11-22 14:05") from None
    if time.tzinfo is not None:
        return time.astimezone(UTC)
    first, second = (time.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:
        raise ValueError(f"{text!r} does not exist in {zone.key}: the clocks were set forward over it")
    # An hour that comes twice: in an ascending file the second time begins where the clock steps back.
    return second if previous is not None and first < previous else first


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no glucose value, Low or High") from None
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{text!r} is no glucose value")
    return value


def _unit(people: Iterable[Person], columns: Columns, said: Unit | None) -> Unit:
    if said and columns.unit and said != columns.unit:
        raise FileRefused(f"The header says {columns.unit}, not {said}. Leave the unit out or correct the header.")
    known = said or columns.unit
    if known is not None:
        return known
    values = [
        value for person in people for value, beyond in zip(person.glucose, person.beyond, strict=True) if not beyond
    ]
    if values and statistics.median(values) < LOWEST_MEDIAN:
        raise FileRefused("The values look like mmol/L and the header does not say so. Say it: --unit mmol/L")
    return "mg/dL"


def _trace(person: Person, zone: ZoneInfo, unit: Unit) -> Trace:
    if unit == "mg/dL":
        return Trace.of_datetimes(person.instants, person.glucose, zone, beyond=person.beyond)
    # "Low" and "High" stand in mg/dL already.
    glucose = [
        value if beyond else value * MG_DL_PER_MMOL_L
        for value, beyond in zip(person.glucose, person.beyond, strict=True)
    ]
    return Trace.of_datetimes(person.instants, glucose, zone, is_mmol=True, beyond=person.beyond)
