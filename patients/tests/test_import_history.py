from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.db import transaction
from django.test import override_settings

from patients.models import HistoryEntry
from patients.services import change_patient
from patients.shredding import shred_patient
from tests.clinics import Clinic
from tests.commands import Result, run_command

pytestmark = pytest.mark.django_db
KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def legacy_key():
    with override_settings(ENCRYPTION_KEY=KEY):
        yield


def run(path: Path, *lines: str, header: str = "patient,kind,recorded_at,text") -> Result:
    file = path / "history.csv"
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return run_command("import_history", str(file), "--organization", "northside")


def token(text: str, key: str = KEY) -> str:
    return Fernet(key.encode()).encrypt(text.encode()).decode()


def imported(clinic: Clinic) -> list[HistoryEntry]:
    with clinic.scope(), transaction.atomic():
        entries = list(HistoryEntry.objects.filter(import_digest__isnull=False).order_by("id"))
        assert all(entry.text for entry in entries)
    return entries


def test_plain_texts_and_tokens_are_sealed_anew_once(northside: Clinic, tmp_path: Path) -> None:
    with northside.scope(), transaction.atomic():
        change_patient(patient=northside.patients[0], changes={"timezone": "Europe/Berlin"})
    lines = [
        f"user_5678,Allergy,2020-07-01T08:00:00,{token('Penicillin, rash')},Dr Old",
        'user_9012,note,2021-01-02T03:04:05Z,"Smokes, 10 a day",',
        'user_9012,note,2021-01-02T03:04:05Z,"Smokes, 10 a day",',
    ]
    done = run(tmp_path, *lines, header="patient,kind,recorded_at,text,author")
    assert (done.error, done.out) == ("", "2 entries stored, 1 were there already.\n")
    first, second = imported(northside)
    assert (first.kind, first.text, first.author_name) == ("allergy", "Penicillin, rash", "Dr Old")
    # Local time of the patient, in summer.
    assert first.created_at == datetime(2020, 7, 1, 6, tzinfo=UTC)
    assert (second.text, second.author_name) == ("Smokes, 10 a day", "imported")
    again = run(tmp_path, *lines, header="patient,kind,recorded_at,text,author")
    assert again.out == "0 entries stored, 3 were there already.\n"
    assert len(imported(northside)) == 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("user_0000,note,2021-01-01T00:00:00Z,x", "the clinic has no patient with this code"),
        ("user_5678,rumour,2021-01-01T00:00:00Z,x", "the kind is not one of condition, medication, allergy, note"),
        ("user_5678,note,yesterday,x", "the time is not of the form 2026-03-01T08:00:00+01:00"),
        ("user_5678,note,2999-01-01T00:00:00Z,x", "the time lies in the future"),
        ("user_5678,note,2021-01-01T00:00:00Z,", "the text is empty"),
        (f"user_5678,note,2021-01-01T00:00:00Z,{'x' * 10_001}", "the text has more than 10,000 characters"),
        ("user_5678,note,2021-01-01T00:00:00Z,x,y", "the number of columns is not that of the header"),
        ("user_5678,note", "the number of columns is not that of the header"),
        (
            f"user_5678,note,2021-01-01T00:00:00Z,{token('x', Fernet.generate_key().decode())}",
            "the text is a Fernet token that ENCRYPTION_KEY does not open",
        ),
    ],
)
def test_one_faulty_line_refuses_the_file(northside: Clinic, tmp_path: Path, line: str, sentence: str) -> None:
    done = run(tmp_path, "user_5678,note,2021-01-01T00:00:00Z,good", line)
    assert done.err == f"Line 3: {sentence}.\n"
    assert done.error == "1 lines are faulty. Nothing was stored."
    assert imported(northside) == []


def test_tokens_need_the_key_and_the_key_its_form(northside: Clinic, tmp_path: Path) -> None:
    line = f"user_5678,note,2021-01-01T00:00:00Z,{token('x')}"
    with override_settings(ENCRYPTION_KEY=""):
        assert "ENCRYPTION_KEY is not set" in run(tmp_path, line).err
    with override_settings(ENCRYPTION_KEY="short"):
        assert run(tmp_path, line).error.startswith("ENCRYPTION_KEY is not a Fernet key")


def test_a_file_that_is_none_is_refused(northside: Clinic, tmp_path: Path) -> None:
    assert "no column text" in run(tmp_path, header="patient,kind,recorded_at").error
    missing = run_command("import_history", str(tmp_path / "absent.csv"), "--organization", "northside")
    assert missing.error == "The file cannot be read: No such file or directory."
    (tmp_path / "latin.csv").write_bytes(b"patient,kind,recorded_at,text\nuser_5678,note,2021-01-01,\xe9\n")
    latin = run_command("import_history", str(tmp_path / "latin.csv"), "--organization", "northside")
    assert latin.error == "The file is not CSV in UTF-8 with commas."


def test_shredding_leaves_no_digest_that_would_confirm_a_guess(northside: Clinic, tmp_path: Path) -> None:
    run(tmp_path, "user_5678,note,2021-01-02T03:04:05Z,Smokes", "user_9012,note,2021-01-02T03:04:05Z,Smokes")
    with northside.scope(), transaction.atomic():
        shred_patient(code="user_5678", reason="asked for")
    assert [entry.patient_id for entry in imported(northside)] == [northside.patients[1].pk]
