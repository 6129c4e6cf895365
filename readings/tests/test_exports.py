"""Files of readings: what they say, how they end, and what they cost."""

from __future__ import annotations

import io
import json
import resource
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from readings.exports import (
    Authority,
    Export,
    ExportEnded,
    constant_authority,
    csv_parts,
    export_pages,
    json_parts,
    write_workbook,
)
from readings.exports.rows import COLUMNS, ExportRow
from readings.models import Amendment, GlucoseReading, RangeFlag, Trend
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.tests.exporting import csv_rows, fill, formulas, sheets
from tenancy.scope import Scope, current_scope
from tests.clinics import Clinic

# Berlin's clock is set forward at 01:00 UTC.
BEGIN = datetime(2026, 3, 29, 0, 55, tzinfo=UTC)
Pages = Iterator[list[ExportRow]]
STATISTICS = Path("/proc/self/statm")


def pages(clinic: Clinic, *, size: int = 2000, authority: Authority | None = None, **asked: Any) -> Pages:
    export = Export(clinic.organization.id, clinic.patients[0].id, "user_5678", "Europe/Berlin", **asked)
    return export_pages(export, authority or constant_authority(Scope(clinic.organization.id)), size=size)


def as_csv(found: Iterable[list[ExportRow]]) -> bytes:
    return b"".join(csv_parts(found))


def as_json(found: Iterable[list[ExportRow]]) -> bytes:
    return b"".join(json_parts(found))


def as_workbook(found: Iterable[list[ExportRow]], **options: int) -> bytes:
    file = io.BytesIO()
    write_workbook(found, file, **options)
    return file.getvalue()


def write_csv(found: Pages, each: Callable[[], None]) -> None:
    for _ in csv_parts(found):
        each()


def write_sheets(found: Pages, each: Callable[[], None]) -> None:
    def watched() -> Pages:
        for page in found:
            yield page
            each()

    with tempfile.TemporaryFile() as file:
        write_workbook(watched(), file)


def memory() -> int:
    return int(STATISTICS.read_text().split()[1]) * resource.getpagesize()


@pytest.fixture
def stored(northside: Clinic, southside: Clinic) -> Clinic:
    for clinic, shift in ((northside, 0), (southside, 100)):
        device = clinic.devices[0].id
        values = [(100, RangeFlag.IN_RANGE), (39, RangeFlag.LOW), (401, RangeFlag.HIGH)]
        with clinic.scope():
            store_readings(
                rows=[
                    ReadingRow(device, BEGIN + timedelta(minutes=5 * i), glucose + shift, range_flag=flag)
                    for i, (glucose, flag) in enumerate(values)
                ]
                + [ReadingRow(device, BEGIN + timedelta(minutes=15), 120 + shift, trend=Trend.FLAT, rate=-0.5)]
            )
    return northside


@pytest.mark.django_db
def test_csv(stored: Clinic) -> None:
    rows, end = csv_rows(as_csv(pages(stored)))
    assert end == "# complete, 4 rows"
    assert [row["glucoseMgDl"] for row in rows] == ["100", "Low", "High", "120"]
    assert [row["glucoseMmolL"] for row in rows] == ["5.5", "Low", "High", "6.7"]
    assert tuple(rows[0]) == COLUMNS
    assert rows[3] | {"readingId": ""} == {
        "timestamp": "2026-03-29T01:10:00.000Z", "localTime": "2026-03-29T03:10:00.000+02:00",
        "timeZone": "Europe/Berlin", "glucoseMgDl": "120", "glucoseMmolL": "6.7", "rangeFlag": "ok", "trend": "flat",
        "rate": "-0.5", "deviceId": "ARGUS_001234", "readingId": "", "isCopy": "false", "isAmended": "false",
    }  # fmt: skip
    assert rows[0]["localTime"] == "2026-03-29T01:55:00.000+01:00"


@pytest.mark.django_db
def test_json(stored: Clinic) -> None:
    body = json.loads(as_json(pages(stored)))
    assert (body["complete"], body["count"], len(body["items"])) == (True, 4, 4)
    for size in (1, 3, 4):
        assert json.loads(as_json(pages(stored, size=size))) == body
    low = body["items"][1]
    assert tuple(low) == COLUMNS
    assert (low["glucoseMgDl"], low["glucoseMmolL"], low["rangeFlag"], low["rate"]) == (None, None, "low", None)
    assert "39" not in json.dumps(
        [{**item, "readingId": "", "timestamp": "", "localTime": ""} for item in body["items"]]
    )


@pytest.mark.django_db
def test_workbook(stored: Clinic) -> None:
    readings, complete = sheets(as_workbook(pages(stored)))
    assert tuple(readings[0]) == COLUMNS
    assert [row[3] for row in readings[1:]] == [100, "Low", "High", 120]
    utc, local = ([row[column] * 24 * 60 for row in readings[1:]] for column in (0, 1))
    assert [round(after - before) for before, after in pairwise(utc)] == [5, 5, 5]
    # The clock skipped an hour between the first two.
    assert [round(after - before) for before, after in pairwise(local)] == [65, 5, 5]
    assert complete == [["complete", True], ["rows", 4]]


@pytest.mark.django_db
def test_a_sheet_that_is_full_is_followed_by_another(stored: Clinic) -> None:
    found = sheets(as_workbook(pages(stored), rows_of_a_sheet=3))
    assert [len(rows) for rows in found] == [3, 3, 2]
    assert found[0][0] == found[1][0]


@pytest.mark.django_db
def test_nothing_is_a_complete_file_too(northside: Clinic) -> None:
    assert csv_rows(as_csv(pages(northside))) == ([], "# complete, 0 rows")
    assert json.loads(as_json(pages(northside))) == {"items": [], "complete": True, "count": 0}
    assert sheets(as_workbook(pages(northside)))[1] == [["complete", True], ["rows", 0]]


@pytest.mark.django_db
def test_window_copies_and_amendments(stored: Clinic) -> None:
    copied, amended = BEGIN + timedelta(minutes=16), BEGIN + timedelta(minutes=15)
    with stored.scope(), transaction.atomic():
        row = GlucoseReading.objects.filter(measured_at=amended).values().get()
        other = {**row, "measured_at": copied, "device_id": stored.devices[1].id, "is_copy": True}
        GlucoseReading.objects.create(**{name: value for name, value in other.items() if name != "pk"})
        Amendment.objects.create(
            patient=stored.patients[0], device=stored.devices[0], measured_at=amended, amended_at=amended,
            glucose=90, unit=1, range_flag=0,
        )  # fmt: skip
    rows = [row for page in pages(stored, with_copies=True, since=BEGIN + timedelta(minutes=10)) for row in page]
    assert [(row.measured_at, row.is_copy, row.is_amended) for row in rows] == [
        (BEGIN + timedelta(minutes=10), False, False), (amended, False, True), (copied, True, False),
    ]  # fmt: skip
    rows = [row for page in pages(stored, until=amended) for row in page]
    assert [row.mg_dl for row in rows] == [100, None, None]
    assert sum(map(len, pages(stored))) == 4


@pytest.mark.django_db
def test_pages_meet_without_a_gap(northside: Clinic) -> None:
    """Two devices measure at the same instants, and pages end between them."""
    fill(northside, 20, begin=BEGIN)
    with northside.scope(), transaction.atomic():
        for row in list(GlucoseReading.objects.values()):
            twin = {**row, "device_id": northside.devices[1].id, "glucose": row["glucose"] + 100}
            GlucoseReading.objects.create(**{name: value for name, value in twin.items() if name != "pk"})
    whole = [row for page in pages(northside) for row in page]
    assert len(whole) == 40
    assert [row.measured_at for row in whole] == sorted(row.measured_at for row in whole)
    for size in (1, 3, 7, 40):
        assert [row for page in pages(northside, size=size) for row in page] == whole


@pytest.mark.django_db
@pytest.mark.parametrize(("make", "ended"), [(as_csv, b"complete"), (as_json, b"complete"), (as_workbook, b"PK")])
def test_a_fault_in_the_middle_leaves_no_end(
    northside: Clinic, make: Callable[[Iterable[list[ExportRow]]], bytes], ended: bytes
) -> None:
    fill(northside, 20, begin=BEGIN)
    calls = iter([Scope(northside.organization.id), None])
    with pytest.raises(ExportEnded):
        make(pages(northside, size=10, authority=lambda: next(calls)))
    calls = iter([Scope(northside.organization.id), None])
    sent: list[bytes] = []
    with pytest.raises(ExportEnded):
        sent.extend(csv_parts(pages(northside, size=10, authority=lambda: next(calls))))
    assert ended not in b"".join(sent)


@pytest.mark.django_db
def test_no_scope_and_no_transaction_between_pages(northside: Clinic) -> None:
    fill(northside, 5, begin=BEGIN)
    for _ in pages(northside, size=2):
        assert current_scope() is None


@pytest.mark.django_db
@pytest.mark.skipif(not STATISTICS.exists(), reason="asks Linux how much memory is in use")
@pytest.mark.parametrize(("write", "number"), [(write_csv, 200_000), (write_sheets, 20_000)])
def test_memory_does_not_grow_with_the_rows(
    northside: Clinic, write: Callable[[Pages, Callable[[], None]], None], number: int
) -> None:
    fill(northside, number, begin=datetime(2026, 1, 1, tzinfo=UTC), step=timedelta(minutes=1))
    write(pages(northside, until=datetime(2026, 1, 5, tzinfo=UTC)), lambda: None)
    before, most = memory(), [0]
    write(pages(northside), lambda: most.append(memory()))
    assert len(most) > number / 2000
    # All rows at once would be ten times as much.
    assert max(most) - before < number * 40


@pytest.mark.promise(50)
@given(code=st.text("=+-@\t\rA1()|!' ", min_size=1, max_size=10))
def test_no_text_is_taken_for_a_formula(code: str) -> None:
    row = ExportRow(BEGIN, BEGIN, "UTC", 100, 5.5, "", "ok", None, None, code, "id", is_copy=False, is_amended=False)
    rows, _ = csv_rows(as_csv([[row]])) if "\r" not in code else ([{"deviceId": "'"}], "")
    assert rows[0]["deviceId"][:1] not in tuple("=+-@\t\r")
    assert formulas(as_workbook([[row]])) == 0
