"""The parser of the generic CSV, without a database."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readings.importing.layout import Format
from readings.importing.reading import Answers, open_file
from readings.importing.rows import BadRow, ParsedRow, Row
from readings.importing.table import FileRefused
from readings.importing.values import CellRefused, read_glucose, read_subject, read_time


def read_rows(path: Path, *, subject_column: str | None = None, unit: str | None = None) -> Iterator[Row]:
    return open_file(path, Answers(format=Format.GENERIC, unit=unit, subject_column=subject_column)).rows()


@pytest.fixture
def write(tmp_path: Path):
    def write_file(content: str | bytes) -> Path:
        path = tmp_path / "readings.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def values(path: Path, **options) -> list[tuple[str, int]]:
    rows = list(read_rows(path, **options))
    assert all(isinstance(row, ParsedRow) for row in rows), rows
    return [(row.time.isoformat(sep=" "), row.glucose) for row in rows if isinstance(row, ParsedRow)]


def reasons(path: Path, **options) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in read_rows(path, **options) if isinstance(row, BadRow)]


EXPECTED = [("2026-01-31 17:05:00", 153)]


@pytest.mark.parametrize(
    "content",
    [
        "time,glucose\n2026-01-31 17:05:00,153\n",
        "timestamp,glucoseValue\r\n2026-01-31T17:05:00,153\r\n",
        "time,glucose\r2026-01-31 17:05,153\r",
        "time,glucose\n2026-01-31 17:05,153",
        "\ufefftime,glucose\n2026-01-31 17:05,153\n",
        "\n\ntime,glucose\n\n2026-01-31 17:05,153\n\n",
        '"Date / Time","Glucose (mg/dL)","Note"\n"2026-01-31 17:05","153","after, dinner"\n',
        "id;Device Timestamp;Historic Glucose mg/dL\n1;2026/01/31 17:05;153\n",
        "Time\tmg/dL\n31.01.2026 17:05\t153\n",
        "date,time,value\n2026-01-31,17:05:00,153\n",
        "datetime,BG\n01/31/2026 5:05 PM,153.0\n",
        "time,glucose,note\n2026-01-31 17:05,153\n",
        "time,glucose\n2026-01-31 17:05,153,,\n",
        "time;mmol/L\n2026-01-31 17:05;8,5\n",
        'time,"glucose [mmol/L]"\n2026-01-31 17:05,"8,5"\n',
    ],
)
def test_reads_what_other_programs_write(write, content: str):
    assert values(write(content)) == EXPECTED


def test_an_option_tells_the_unit_that_the_header_does_not(write):
    path = write("time,value\n2026-01-31 17:05,8.5\n")

    assert values(path, unit="mmol/L") == EXPECTED
    assert "if it is mmol/L, say that the unit is mmol/L" in reasons(path)[0][1]


def test_low_and_high_are_flags_with_a_code_and_not_numbers(write):
    path = write("time,glucose\n" + "".join(f"2026-01-31 17:0{i},{text}\n" for i, text in enumerate(["Low", "HIGH"])))

    rows = [row for row in read_rows(path) if isinstance(row, ParsedRow)]
    assert [(row.glucose, row.range_flag) for row in rows] == [(39, -1), (401, 1)]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("39", "mg/dL", (39, -1)), ("40", "mg/dL", (40, 0)), ("400", "mg/dL", (400, 0)), ("401", "mg/dL", (401, 1)),
        ("600", "mg/dL", (600, 0)), ("2.2", "mmol/L", (40, 0)), ("22,2", "mmol/L", (400, 0)),
        ("10", "mmol/L", (180, 0)),
    ],
)  # fmt: skip
def test_values_at_the_edges(text: str, unit: str, expected: tuple[int, int]):
    assert read_glucose(text, unit) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "38", "601", "5.6", "-120", "1e2", "NaN", "inf", "12O", "120 mg", "0x78", "1,234,5", "١٢٠", "9" * 400],
)
def test_what_is_no_value_is_refused(text: str):
    with pytest.raises(CellRefused):
        read_glucose(text, "mg/dL")


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-01-31", "17:05", "01/02/2026 17:05", "2026-02-30 10:00", "2026-01-31 25:00", "31.02.2026 10:00",
        "1769900000", "yesterday", "2026-01-31 17:05 PM", "13/31/2026 5:05 PM", "2026-01-31T17:05:00+99:00",
    ],
)  # fmt: skip
@pytest.mark.promise(39)
def test_a_time_that_is_not_certain_is_refused(text: str):
    with pytest.raises(CellRefused):
        read_time(text)


def test_an_offset_is_kept():
    assert read_time("2026-01-31T17:05:00Z") == datetime(2026, 1, 31, 17, 5, tzinfo=UTC)
    assert read_time("2026-01-31 17:05:00+05:30").utcoffset() == timedelta(hours=5, minutes=30)


def test_blanks_in_a_subject_become_underscores():
    assert read_subject(" Subject  1 ") == "Subject_1"


@pytest.mark.parametrize("text", ["", "Müller", "a/b", "-x", "=cmd()", "x" * 51])
def test_what_cannot_be_a_patients_code_is_refused(text: str):
    with pytest.raises(CellRefused):
        read_subject(text)


def test_a_bad_row_tells_its_line_and_spoils_no_other(write):
    path = write(
        b"subject,time,glucose\n"
        b"A,2026-01-31 17:00,100\n"
        b'B,"2026-01-31 17:05,101\n'
        b"C,2026-01-31 17:10\n"
        b"\n"
        b"D,2026-01-31 17:15,102,7\n"
        b"\xff,2026-01-31 17:20,103\n"
        b"E,2026-01-31 17:25,\x1b[2Jx\n"
        b"F,2026-01-31 17:30,104\n"
    )

    rows = list(read_rows(path, subject_column="Subject"))

    assert [row.subject for row in rows if isinstance(row, ParsedRow)] == ["A", "F"]
    assert reasons(path, subject_column="subject") == [
        (3, "the quotes do not match"),
        (4, "2 cells where the header has 3"),
        (6, "4 cells where the header has 3"),
        (7, "'\\udcff' is not a patient's code: letters, digits, underscore, dot, hyphen"),
        (8, "'\\x1b[2Jx' is not a glucose value"),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        ("time,glucose\n".encode("utf-16-le"), "UTF-16"),
        (b"2026-01-31 17:05,153\n", "names no column of times"),
        (b"glucose,note\n100,x\n", "names no column of times"),
        (b"time,note\n2026-01-31 17:05,x\n", "names no column of glucose values"),
        (b"time,glucose,Glucose\n", "several columns of one kind: 'glucose', 'Glucose'"),
        (b"time,glucose mg/dL,glucose mmol/L\n", "several columns of one kind"),
        (b"time,glucose\n" + b"1" * 70_000, "longer than 65,536 characters"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(write, content: bytes, sentence: str):
    with pytest.raises(FileRefused, match=sentence):
        list(read_rows(write(content)))


def test_a_missing_subject_column_and_a_missing_file_are_named(write, tmp_path: Path):
    with pytest.raises(FileRefused, match="'subject' stands not in the header: time, glucose"):
        list(read_rows(write("time,glucose\n"), subject_column="subject"))
    with pytest.raises(FileRefused, match="No such file"):
        list(read_rows(tmp_path / "away.csv"))


offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.one_of(st.none(), offsets),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True), times, st.integers(39, 600))
    ),
    dialect=st.sampled_from(["excel", "excel-tab", "unix"]),
)
def test_what_a_program_writes_is_read_back_unchanged(write, rows, dialect: str):
    text = io.StringIO()
    writer = csv.writer(text, dialect)
    writer.writerow(["subject", "time", "glucose"])
    writer.writerows((subject, time.isoformat(), value) for subject, time, value in rows)

    read = list(read_rows(write(text.getvalue()), subject_column="subject"))

    assert [(row.subject, row.time, row.glucose) for row in read if isinstance(row, ParsedRow)] == rows
    assert len(read) == len(rows)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=300))
def test_no_content_breaks_the_parser(write, junk: bytes):
    # Only NUL makes it no text at all; everything else ends as rows, good or bad.
    refused = pytest.raises(FileRefused) if b"\x00" in junk else nullcontext()

    with refused:
        assert all(isinstance(row, ParsedRow | BadRow) for row in read_rows(write(b"time,glucose\n" + junk)))
