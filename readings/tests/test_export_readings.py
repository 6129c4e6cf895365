"""manage.py export_readings."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction

from audit.actions import Action
from audit.models import Entry
from readings.tests.exporting import csv_rows, sheets
from tests.clinics import Clinic
from tests.commands import run_command

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHOSE = ("--organization", "northside", "--patient", "user_5678")


@pytest.fixture
def stored(northside: Clinic, southside: Clinic) -> Clinic:
    northside.store(100, 101, 102, until=NOON)
    southside.store(200, until=NOON)
    return northside


def test_to_standard_output(stored: Clinic) -> None:
    result = run_command("export_readings", *WHOSE)
    rows, end = csv_rows(result.out.encode())
    assert ([row["glucoseMgDl"] for row in rows], end) == (["100", "101", "102"], "# complete, 3 rows")
    assert result.err == "user_5678: 3 readings.\n"


def test_each_format_to_a_file_of_ones_own(stored: Clinic, tmp_path: Path) -> None:
    window = ("--since", "2026-03-01T11:55:00Z", "--until", "2026-03-01T12:00:00Z")
    for ending in ("csv", "json", "xlsx"):
        file = tmp_path / f"readings.{ending}"
        result = run_command("export_readings", *WHOSE, *window, "--format", ending, "--output", str(file))
        assert (result.out, result.error) == ("", "")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert csv_rows((tmp_path / "readings.csv").read_bytes())[1] == "# complete, 1 rows"
    assert json.loads((tmp_path / "readings.json").read_bytes())["count"] == 1
    assert sheets((tmp_path / "readings.xlsx").read_bytes())[0][1][3] == 101


def test_it_is_recorded(stored: Clinic) -> None:
    run_command("export_readings", *WHOSE)
    with stored.scope(), transaction.atomic():
        entry = Entry.objects.get(object_type="readings.export")
    assert (entry.action, entry.patient_id) == (Action.EXPORT, stored.patients[0].id)


def test_what_it_refuses(stored: Clinic, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("kept")
    refusals = {
        ("--organization", "northside", "--patient", "user_0"): "has no patient 'user_0'",
        (*WHOSE, "--output", str(there)): "cannot be made: File exists",
        (*WHOSE, "--format", "xlsx"): "name a file with --output",
        (*WHOSE, "--since", "2026-03-01"): "no time with an offset",
    }
    for arguments, sentence in refusals.items():
        assert sentence in run_command("export_readings", *arguments).error
    assert there.read_text() == "kept"
