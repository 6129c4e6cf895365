"""The readers of Dexcom Clarity and LibreView, without a database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from readings.importing.dates import DateEvidence, DateOrder
from readings.importing.layout import Format
from readings.importing.reading import Answers, ImportFile, open_file
from readings.importing.rows import BadRow, IgnoredRow, ParsedRow
from readings.importing.table import FileRefused
from readings.tests.files import (
    CLARITY,
    CLARITY_BEGIN,
    CLARITY_GERMAN,
    CLARITY_HEADER,
    CLARITY_ROWS,
    LIBRE,
    LIBRE_DESKTOP,
    LIBRE_FRENCH,
    LIBRE_HEADER,
    libre,
    libre_row,
)


def opened(text: str | bytes, **answers) -> ImportFile:
    return open_file(text if isinstance(text, bytes) else text.encode(), Answers(**answers))


def told(file: ImportFile) -> list[tuple[str, int, int]]:
    rows = [row for row in file.rows() if isinstance(row, ParsedRow)]
    return [(f"{row.time:%Y-%m-%d %H:%M:%S}", row.glucose, row.range_flag) for row in rows]


CLARITY_READINGS = [
    ("2025-05-01 00:01:47", 165, 0),
    ("2025-05-01 00:06:47", 39, -1),
    ("2025-05-01 00:11:47", 401, 1),
    ("2025-05-01 00:16:47", 401, 1),
]


def test_clarity_readings_are_those_with_a_time_and_a_value_of_the_sensor():
    file = opened(CLARITY)

    assert (file.layout.format, file.unit, file.person) == (Format.CLARITY, "mg/dL", "Ada Example")
    assert told(file) == CLARITY_READINGS
    ignored = [row.kind for row in file.rows() if isinstance(row, IgnoredRow)]
    assert ignored.count("information on the patient and devices") == 11
    assert ignored[11:] == ["carbs", "insulin", "calibration", "other events"]
    bad = [(row.line, row.reason) for row in file.rows() if isinstance(row, BadRow)]
    assert bad == [(21, "7 cells are too few"), (22, "'abc' is not a glucose value")]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + CLARITY.encode(),
        b"\xef\xbb\xbf\xef\xbb\xbf" + CLARITY.encode(),
        "ï»¿".encode() + CLARITY.encode(),
        CLARITY.encode("utf-16"),
        CLARITY.replace("\n", "\r\n").encode(),
        CLARITY.replace(",", ";").encode(),
        CLARITY.replace(",", "\t").encode(),
        f"{CLARITY_HEADER}\n{CLARITY_ROWS}\n".encode(),
        f"{CLARITY_HEADER}\n{CLARITY_BEGIN}\n{CLARITY_BEGIN}\n{CLARITY_ROWS}\n".encode(),
    ],
)
def test_clarity_however_it_was_saved(content: bytes):
    assert told(opened(content)) == CLARITY_READINGS


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_clarity_in_german(encoding: str):
    file = opened(CLARITY_GERMAN.encode(encoding))

    assert (file.layout.format, file.unit, file.person) == (Format.CLARITY, "mmol/L", "Ada Example")
    assert [row[1:] for row in told(file)] == [(153, 0), (39, -1), (401, 1)]


def test_libreview_readings_are_the_sensors_and_never_scans():
    file = opened(LIBRE)

    assert (file.layout.format, file.unit, file.questions) == (Format.LIBREVIEW, "mg/dL", ())
    assert told(file) == [
        ("2026-02-13 23:50:00", 101, 0),
        ("2026-02-14 00:05:00", 39, -1),
        ("2026-02-14 00:20:00", 40, -1),
        ("2026-02-14 00:35:00", 500, 1),
        ("2026-02-14 00:50:00", 401, 1),
        ("2026-02-14 01:05:00", 401, 0),
    ]
    kinds = [row.kind for row in file.rows() if isinstance(row, IgnoredRow)]
    assert kinds == [
        "scans", "insulin", "food", "notes and changes of the clock", "strip tests", "ketone and other tests",
        "other records",
    ]  # fmt: skip
    bad = [(row.line, row.reason) for row in file.rows() if isinstance(row, BadRow)]
    assert bad == [(15, "there is no glucose value"), (17, "3 cells are too few")]


def test_libreview_in_french_with_tabs_commas_and_its_header_in_line_three():
    file = opened(LIBRE_FRENCH)

    assert (file.unit, file.date_order, len(file.layout.said)) == ("mmol/L", DateOrder.DAY_FIRST, 2)
    assert told(file) == [("2026-02-13 09:05:00", 101, 0), ("2026-02-13 09:20:00", 501, 1)]


def test_libreview_of_the_older_desktop_program():
    assert told(opened(LIBRE_DESKTOP)) == [("2026-02-13 17:05:00", 101, 0)]


def test_a_file_without_readings_is_known_all_the_same():
    assert opened(libre()).layout.format is Format.LIBREVIEW
    assert opened(f"{CLARITY_HEADER}\n").layout.format is Format.CLARITY


def test_a_generic_file_is_not_taken_for_another():
    two_units = "subject,time,glucose mg/dL,mean mg/dL\nA,2026-01-31 17:05,101,99\n"
    assert opened(two_units).layout.format is Format.GENERIC
    with pytest.raises(FileRefused, match="None of the first"):
        opened("time,glucose\n2026-01-31 17:05,153\n", format=Format.CLARITY)


def dates(*days: str) -> ImportFile:
    return opened(libre(*(libre_row(f"{day} 10:00", 0, "100") for day in days)))


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (["03-13-2025"], DateOrder.MONTH_FIRST),
        (["13-03-2025"], DateOrder.DAY_FIRST),
        (["03/13/2025"], DateOrder.MONTH_FIRST),
        # Sorted one way only.
        (["03-11-2025", "03-12-2025", "04-01-2025", "04-02-2025"], DateOrder.MONTH_FIRST),
        (["11-03-2025", "12-03-2025", "01-04-2025", "02-04-2025"], DateOrder.DAY_FIRST),
        (["05-05-2025"], DateOrder.DAY_FIRST),
        # A month's first days: as good as one day of each of several months.
        (["03-01-2025", "03-02-2025", "03-03-2025"], None),
        (["03-04-2025"], None),
        # Both cannot be.
        (["03-13-2025", "13-03-2025"], None),
        # Two devices one after the other: sorted in the wrong order, and not in the right one.
        (["01-03-2025", "02-03-2025", "05-02-2025", "06-02-2025"], None),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_the_file_or_asked(days: list[str], order: DateOrder | None):
    file = dates(*days)

    assert file.date_order is order
    assert [question.name for question in file.questions] == ([] if order else ["dateOrder"])


def test_what_would_lie_in_the_future_is_the_wrong_order():
    in_the_future = timezone.now().date() + timedelta(days=400)
    past = date(in_the_future.year - 3, 5, 1)
    later = date(in_the_future.year, 1, 2)
    assert dates(f"{past:%m-%d-%Y}", f"{later:%m-%d-%Y}").date_order is None, "both orders lie ahead"

    evidence = DateEvidence(today=date(2026, 3, 1))
    evidence.add("02-11-2026 10:00")
    assert evidence.order() is DateOrder.MONTH_FIRST


def test_the_question_tells_what_each_answer_means():
    (question,) = dates("03-01-2025", "03-02-2025").questions

    assert [choice.text for choice in question.choices] == [
        "Day first: 3 January 2025 to 3 February 2025",
        "Month first: 1 March 2025 to 2 March 2025",
    ]
    answered = opened(libre(libre_row("03-02-2025 10:00", 0, "100")), date_order=DateOrder.MONTH_FIRST)
    assert told(answered) == [("2025-03-02 10:00:00", 100, 0)]


def test_a_unit_that_no_header_names_is_asked():
    (question,) = opened("time,value\n2026-01-31 17:05,8.5\n").questions
    assert (question.name, [choice.value for choice in question.choices]) == ("unit", ["mg/dL", "mmol/L"])


@given(
    days=st.lists(st.dates(date(2015, 1, 1), date(2025, 12, 31)), min_size=1, max_size=40),
    order=st.sampled_from(DateOrder),
)
def test_what_the_file_decides_is_never_wrong_for_sorted_days(days, order: DateOrder):
    form = "%d-%m-%Y" if order is DateOrder.DAY_FIRST else "%m-%d-%Y"
    file = dates(*(f"{day:{form}}" for day in sorted(days)))

    if file.date_order is not None and any(day.day != day.month for day in days):
        assert file.date_order is order


@given(junk=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200))
def test_nothing_in_a_line_breaks_the_readers(junk: str):
    for begin in (f"{CLARITY_HEADER}\n{CLARITY_BEGIN}\n", f"x\n{LIBRE_HEADER}\n"):
        file = opened(begin + junk)
        assert all(isinstance(row, ParsedRow | BadRow | IgnoredRow) for row in file.rows())


@given(
    values=st.lists(st.integers(40, 400), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t"]),
    is_mmol=st.booleans(),
)
def test_every_value_is_read_back_within_the_unit_s_rounding(values: list[int], delimiter: str, is_mmol: bool):
    header = CLARITY_HEADER.replace("mg/dL", "mmol/L") if is_mmol else CLARITY_HEADER
    spoken = [f"{value / 18.0156:.1f}" if is_mmol else str(value) for value in values]
    lines = [f"{i},2026-02-01T{i // 60:02d}:{i % 60:02d}:00,EGV,,,,x,{text}" for i, text in enumerate(spoken)]
    text = "\n".join((header, *lines)).replace(",", delimiter)

    read = [glucose for _, glucose, _ in told(opened(text))]

    assert len(read) == len(values)
    assert all(abs(a - b) <= (1 if is_mmol else 0) for a, b in zip(read, values, strict=True))
