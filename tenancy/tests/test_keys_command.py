"""``manage.py keys`` as an operator sees it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, load_command_class
from django.db import connection, transaction
from django.test import override_settings

from glucose_platform.env import Keyring, keyring_from_text
from patients.models import HistoryEntry, Patient
from tenancy.encryption.cache import KEYS
from tenancy.encryption.errors import Shredded
from tenancy.encryption.keys import sealing_key
from tenancy.encryption.owners import PLATFORM
from tenancy.models import DataKey, PlatformKey
from tests.clinics import Clinic
from tests.commands import run_command
from tests.live import PROJECT

pytestmark = pytest.mark.django_db(transaction=True)
OLD = settings.ENCRYPTION_KEYS
WITH_NEW = Keyring("new", {"new": b"n" * 32})
WITH_BOTH = Keyring("new", {**OLD.keys, **WITH_NEW.keys})


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    return northside


def texts(clinic: Clinic) -> list[str]:
    KEYS.forget()
    with clinic.scope(), transaction.atomic():
        return [entry.text for entry in HistoryEntry.objects.order_by("id")]


def keys(*arguments: str) -> str:
    done = run_command("keys", *arguments)
    assert done.error == "", done.error
    return done.out


def bare_environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "GLUCOSE_STATE_DIR": str(tmp_path / "none")}


def test_generate_needs_no_settings_and_makes_what_production_needs(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "keys", "generate"]
    done = subprocess.run(
        command, cwd=PROJECT, env=bare_environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert set(made) == {"SECRET_KEY", "ENCRYPTION_KEYS", "TOKEN_SIGNING_KEYS", "AUDIT_SIGNING_KEYS"}
    assert len(made["SECRET_KEY"]) >= 32
    rings = [keyring_from_text(value.strip("'")) for value in made.values() if value.startswith("'")]
    assert len({ring.active_key for ring in rings}) == 3
    assert all(ring.active == next(iter(ring.keys)) for ring in rings)


def test_generate_makes_one_more_key_for_a_ring() -> None:
    done = run_command("keys", "generate", "--kind", "token")
    ((_, key),) = json.loads("{" + done.out + "}").items()
    assert len(base64.b64decode(key)) == 32
    assert "TOKEN_SIGNING_KEYS" in done.err


def test_every_other_action_names_whose_keys_it_means() -> None:
    command = load_command_class("tenancy", "keys")
    for action in ("rotate-kek", "rotate-data", "status", "shred-patient"):
        given = ["--patient", "x", "--reason", "y"] if action == "shred-patient" else []
        with pytest.raises(CommandError, match="--organization"):
            command.create_parser("manage.py", "keys").parse_args([action, *given])


@pytest.mark.promise(32)
def test_a_new_kek_takes_over_and_the_old_one_is_not_needed(clinic: Clinic) -> None:
    before = texts(clinic)
    with override_settings(ENCRYPTION_KEYS=WITH_BOTH):
        assert "northside: 1 root keys" in keys("rotate-kek", "--all-organizations", "a test")
        assert "northside: 0 root keys" in keys("rotate-kek", "--organization", "northside")
        assert "1 by local:new" in keys("status", "--organization", "northside")
    with override_settings(ENCRYPTION_KEYS=WITH_NEW):
        assert texts(clinic) == before


def test_status_tells_what_wraps_the_platforms_key_too(clinic: Clinic) -> None:
    """Else somebody would take away the key that still wraps the secrets of everybody's second factor."""
    with transaction.atomic():
        sealing_key(PLATFORM)
    told = f"Platform keys: 1 by local:{OLD.active}"
    assert told in keys("status", "--all-organizations", "a test")
    assert told in keys("status", "--platform")


def test_a_kek_that_is_gone_too_early_is_named_with_advice(clinic: Clinic) -> None:
    KEYS.forget()
    with override_settings(ENCRYPTION_KEYS=WITH_NEW):
        done = run_command("keys", "rotate-data", "--organization", "northside")
    assert f"ENCRYPTION_KEYS no longer has the key {OLD.active!r}" in done.error


@pytest.mark.promise(32)
def test_data_keys_are_replaced_and_nothing_is_lost(clinic: Clinic) -> None:
    before = texts(clinic)
    with clinic.scope(), transaction.atomic():
        phone = Patient.objects.get(code="user_5678").phone
        old = set(DataKey.objects.filter(purpose__in=["root", "record"]).values_list("id", flat=True))
    out = keys("rotate-data", "--organization", "northside")
    # Two patients: a phone number, an entry and its amendment each.
    assert "6 values sealed anew" in out
    assert texts(clinic) == before
    with clinic.scope(), transaction.atomic():
        assert not DataKey.objects.filter(id__in=old).exists()
        found = Patient.objects.identified_by("phone", phone)
        assert found.count() == 2
        assert {patient.phone for patient in found} == {phone}
    assert "replaced, 0 destroyed" in keys("status", "--organization", "northside")


def test_an_interrupted_rotation_goes_on(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    from tenancy.encryption import resealing

    before, real = texts(clinic), resealing.Walk.run

    def interrupted(walk: resealing.Walk) -> int:
        done = real(walk)
        if walk.column.table == "patients_historyentry":
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(resealing.Walk, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        keys("rotate-data", "--organization", "northside")
    monkeypatch.undo()
    assert texts(clinic) == before
    assert "A rotation was interrupted" in keys("status", "--organization", "northside")
    with clinic.scope(), transaction.atomic():
        roots = DataKey.objects.filter(purpose="root").count()
    keys("rotate-data", "--organization", "northside")
    assert texts(clinic) == before
    with clinic.scope(), transaction.atomic():
        assert (roots, DataKey.objects.filter(purpose="root").count()) == (2, 1)
        assert not DataKey.objects.filter(is_active=False).exists()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_platforms_key_is_rotated_by_the_owner(clinic: Clinic) -> None:
    with transaction.atomic():
        before = sealing_key(PLATFORM).id
    keys("rotate-data", "--platform")
    assert list(PlatformKey.objects.values_list("is_active", flat=True)) == [True]
    with override_settings(ENCRYPTION_KEYS=WITH_BOTH):
        assert "Platform: 1 keys wrapped anew" in keys("rotate-kek", "--platform")
    assert PlatformKey.objects.get().id != before
    assert PlatformKey.objects.get().kek_id == "local:new"


@pytest.mark.promise(32)
def test_shredding_is_confirmed_audited_and_final(clinic: Clinic) -> None:
    given = ["shred-patient", "--organization", "northside", "--patient", "user_5678", "--reason", "asked for"]
    assert "Confirm with --yes" in run_command("keys", *given).error
    assert len(texts(clinic)) == 2
    unknown = ["user_nobody" if part == "user_5678" else part for part in given]
    assert run_command("keys", *unknown, "--yes").error == "The clinic has no patient 'user_nobody'."
    assert "Destroyed 2 keys" in keys(*given, "--yes")
    with clinic.scope(), transaction.atomic(), connection.cursor() as cursor:
        mine, other = HistoryEntry.objects.order_by("id")
        with pytest.raises(Shredded):
            _ = mine.text
        assert "asthma" in other.text
        patient = Patient.objects.get(code="user_5678")
        assert (patient.phone, patient.phone_index) == ("", None)
        cursor.execute("SELECT reason FROM audit_entry WHERE action = 'shred'")
        assert cursor.fetchall() == [("asked for",)]
    keys("rotate-data", "--organization", "northside")
    with clinic.scope(), transaction.atomic(), pytest.raises(Shredded):
        _ = HistoryEntry.objects.order_by("id")[0].text
    assert "2 destroyed" in keys("status", "--organization", "northside")
