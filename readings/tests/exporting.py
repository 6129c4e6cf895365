"""Many readings at once, and files read back."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from django.db import connection, transaction

from tests.clinics import Clinic

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHUNK = 20_000
_INSERT = """
INSERT INTO readings_glucosereading (organization_id, patient_id, device_id, measured_at, glucose, unit, range_flag,
            is_copy, received_at)
SELECT %s, %s, %s, %s::timestamptz + place * %s::interval, 100 + place %% 100, 1, 0, false, now()
  FROM generate_series(%s, %s) place
"""


def fill(clinic: Clinic, number: int, *, begin: datetime, step: timedelta = timedelta(minutes=5)) -> None:
    """Readings of the first patient, without what the store does beside: 100, 101, ... 199, 100 mg/dL."""
    places: list[Any] = [clinic.organization.id, clinic.patients[0].id, clinic.devices[0].id, begin, step]
    with clinic.scope(), transaction.atomic(), connection.cursor() as cursor:
        for first in range(0, number, CHUNK):
            # In pieces: no statement of the app role may take longer than 15 seconds.
            cursor.execute(_INSERT, [*places, first, min(first + CHUNK, number) - 1])


def csv_rows(content: bytes) -> tuple[list[dict[str, str]], str]:
    """The rows, and what stands after them."""
    *lines, last = content.decode().splitlines()
    return list(csv.DictReader(lines)), last


def sheets(content: bytes) -> list[list[list[Any]]]:
    """Each sheet's rows of a workbook; texts as str, numbers as float, truth values as bool."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = sorted(name for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))
        return [[_cells(row) for row in _rows(parts.read(name))] for name in names]


def formulas(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        return sum(parts.read(name).count(b"<f>") for name in names)


def _rows(sheet: bytes) -> list[ElementTree.Element]:
    # Of our own making.
    return ElementTree.fromstring(sheet).findall(f".//{SHEET}row")  # noqa: S314


def _cells(row: ElementTree.Element) -> list[Any]:
    return [_value(cell) for cell in row.findall(f"{SHEET}c")]


def _value(cell: ElementTree.Element) -> Any:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext())
    text = cell.findtext(f"{SHEET}v") or ""
    return text == "1" if cell.get("t") == "b" else float(text)
