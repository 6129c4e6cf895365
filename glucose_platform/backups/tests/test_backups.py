from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import transaction

from audit.seals.sealing import seal_organization
from glucose_platform.backups.files import written
from tenancy.encryption.shredding import shred_patient_keys
from tests.clinics import Clinic
from tests.commands import run_command

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def shred(clinic: Clinic, number: int) -> None:
    with clinic.scope(), transaction.atomic():
        shred_patient_keys(clinic.patients[number].pk)


def test_a_backup_is_made_restored_and_distrusted_where_it_should_be(
    northside: Clinic, southside: Clinic, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, keys = tmp_path / "data", tmp_path / "keys"
    for clinic in (northside, southside):
        with clinic.scope(), transaction.atomic():
            seal_organization()
    assert not run_command("backup", "--to", str(data), "--keys-to", str(keys)).error
    for path in (*data.iterdir(), *keys.iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600
    (manifest,) = data.glob("*.manifest.json")
    made = json.loads(manifest.read_text())
    assert made["counts"]["patients_patient"] == {"northside": 2, "southside": 2}
    assert set(made["audit_heads"]) == {"northside", "southside"}
    assert "tenancy_datakey" not in made["counts"]

    # Keys that are destroyed after the dump, and a later file of keys: the former dump opens them no more.
    shred(northside, 0)
    shred(northside, 1)
    later = tmp_path / "later"
    assert not run_command("backup", "--to", str(tmp_path / "unused"), "--keys-to", str(later)).error
    done = run_command("rehearse_restore", "--from", str(data), "--keys-from", str(later))
    told = capfd.readouterr()
    assert not done.error, told.err
    assert "are of destroyed keys" in next(line for line in told.out.splitlines() if line.startswith("northside"))
    assert "values of patients who were shredded are emptied once more" in told.out
    assert "opened" in next(line for line in told.out.splitlines() if line.startswith("southside"))

    # A row that the manifest has and the dump has not.
    made["counts"]["patients_patient"]["southside"] += 1
    with written(manifest) as file:
        json.dump(made, file)
    done = run_command("rehearse_restore", "--from", str(data), "--keys-from", str(later))
    assert done.error.startswith("This backup cannot be relied on")
    assert "patients_patient of southside has 2 rows, and the backup counted 3." in capfd.readouterr().err

    arguments = ("--from", str(data), "--keys-from", str(keys))
    assert "is not empty" in run_command("restore", *arguments).error
    assert "older than the dump" in run_command("restore", "--from", str(tmp_path / "unused"), *arguments[2:]).error
    (file_of_keys,) = keys.iterdir()
    file_of_keys.write_text(file_of_keys.read_text().replace("northside", "x")[:-80])
    assert "Fetch another copy" in run_command("restore", *arguments).error
    (dump,) = data.glob("*.dump")
    dump.write_bytes(dump.read_bytes()[:-1])
    assert "is damaged: its SHA-256" in run_command("restore", *arguments).error


def test_keys_lie_apart(tmp_path: Path) -> None:
    done = run_command("backup", "--to", str(tmp_path), "--keys-to", str(tmp_path / "keys"))
    assert done.error.startswith("Keys and dump must lie apart")
