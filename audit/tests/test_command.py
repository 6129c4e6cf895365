from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.actions import Action
from audit.models import Entry
from audit.services import record, record_look
from audit.tests.ledgers import as_owner, ids, seal, verify, write
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"])]
NORTH = ("--organization", "northside")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    call_command("audit", *arguments)
    return capsys.readouterr()


@pytest.mark.promise(57)
def test_verify_names_what_was_changed_and_fails(northside: Clinic, southside: Clinic, capsys: Any) -> None:
    write(northside)
    seal(northside)
    head = verify(northside).head
    assert f"Head: {head}" in run(capsys, "verify", "--all-organizations", "a test").out
    assert "0 not sealed yet" in run(capsys, "verify", *NORTH, "--head", head).out

    altered = ids(northside)[1]
    as_owner("UPDATE audit_entry SET reason = 'x' WHERE id = %s", altered)
    with pytest.raises(CommandError, match="1 faults"):
        call_command("audit", "verify", *NORTH)
    assert f"Entry {altered} was altered after seal 1." in capsys.readouterr().err


def test_a_published_head_belongs_to_one_clinic(northside: Clinic, southside: Clinic) -> None:
    with pytest.raises(CommandError, match="one clinic"):
        call_command("audit", "verify", "--all-organizations", "a test", "--head", "00")


@pytest.mark.promise(50)
def test_export_as_csv_shows_no_formula_and_is_recorded(northside: Clinic, southside: Clinic, capsys: Any) -> None:
    with northside.scope(), transaction.atomic():
        record(action=Action.UPDATE, object_type="test.row", object_id="=1+1", changes={"name": ("@a", "b")})
    lines = list(csv.DictReader(io.StringIO(run(capsys, "export", *NORTH).out)))

    (line,) = [line for line in lines if line["objectType"] == "test.row"]
    assert line["objectId"] == "'=1+1"
    assert json.loads(line["changes"]) == [["name", "@a", "b"]]
    with northside.scope(), transaction.atomic():
        # The export's own entry is later than what it shows.
        assert len(lines) == Entry.objects.count() - 1
        assert Entry.objects.get(action=Action.EXPORT).object_type == "audit.entry"
    with southside.scope(), transaction.atomic():
        assert not Entry.objects.filter(action=Action.EXPORT).exists()


def test_export_as_json_lines_in_pages(
    northside: Clinic, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.exporting.PAGE", 3)
    write(northside, 10)
    target = tmp_path / "ledger.jsonl"
    run(capsys, "export", *NORTH, "--format", "json", "--output", str(target))
    told = [json.loads(line) for line in target.read_text().splitlines()]

    with northside.scope(), transaction.atomic():
        earlier = Entry.objects.exclude(action=Action.EXPORT).newest_first()
        assert [line["entry"] for line in told] == list(earlier.values_list("id", flat=True))
    with pytest.raises(FileExistsError):
        call_command("audit", "export", *NORTH, "--output", str(target))


def test_export_of_a_period(northside: Clinic, capsys: Any) -> None:
    out = run(capsys, "export", *NORTH, "--since", "2999-01-01T00:00:00Z").out
    assert len(out.splitlines()) == 1
    with pytest.raises(CommandError, match="offset"):
        call_command("audit", "export", *NORTH, "--since", "2026-01-01")


def test_report_tells_who_saw_a_patient(northside: Clinic, southside: Clinic, capsys: Any) -> None:
    with northside.scope(), transaction.atomic():
        record_look(kind="patients.patient", patient_id=northside.patients[0].pk, always=True)
        record_look(kind="patients.patient", patient_ids=[patient.pk for patient in northside.patients], always=True)
        record_look(kind="patients.patient", patient_id=northside.patients[1].pk, action=Action.EXPORT, always=True)
    out = run(capsys, "report", *NORTH, "--patient", "user_5678").out

    told = {tuple(line.split()[1:3]) for line in out.splitlines()[1:]}
    assert ("read", "1") in told
    assert ("list", "1") in told
    with pytest.raises(CommandError, match="no patient 'nobody'"):
        call_command("audit", "report", *NORTH, "--patient", "nobody")
