"""What production is started with, and what it consists of."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import sbom
from tests.live import PROJECT
from tests.prepared import ACCOUNTS, rows_after_migrating

pytestmark = pytest.mark.promise(60)
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==([^ ;\\]+)", re.MULTILINE)


def keyring() -> str:
    return json.dumps({"active": "a", "keys": {"a": base64.b64encode(secrets.token_bytes(32)).decode()}})


def production(**changes: str) -> dict[str, str]:
    """As an operator sets it, over this test's database; nothing else of our environment."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "DATABASE_URL", "REDIS_URL", "GLUCOSE_STATE_DIR")
        if name in os.environ
    }
    return {
        **kept,
        "APP_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PUBLIC_URL": "https://glucose.example",
        "ALLOWED_HOSTS": "glucose.example",
        "TRUST_PROXY": "true",
        "TOKEN_SIGNING_KEYS": keyring(),
        "ENCRYPTION_KEYS": keyring(),
        "AUDIT_SIGNING_KEYS": keyring(),
        **changes,
    }


def manage(environment: dict[str, str], *arguments: str) -> Any:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_settings_of_production_pass_djangos_check_for_deployment(django_db_setup: None) -> None:
    done = manage(production(), "check", "--deploy", "--fail-level", "WARNING", "--database", "default")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECURE_SSL_REDIRECT": "false"}, "security.W008"),
        ({"DEBUG": "true"}, "DEBUG must be false in production"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have at least 32 characters"),
        ({"TOKEN_SIGNING_KEYS": ""}, "TOKEN_SIGNING_KEYS is not set"),
        ({"PUBLIC_URL": "http://glucose.example"}, "PUBLIC_URL must begin with https://"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS must name origins"),
    ],
)
def test_the_check_sees_what_is_wrong(django_db_setup: None, changes: dict[str, str], sentence: str) -> None:
    done = manage(production(**changes), "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode != 0
    assert sentence in done.stderr


def test_aws_kms_stands_in_for_keys_of_the_settings(django_db_setup: None) -> None:
    for kms_key, code in (("alias/glucose", 0), ("", 1)):
        done = manage(production(ENCRYPTION_KEYS="", KMS_KEY_ID=kms_key), "check")
        assert done.returncode == code, done.stderr


def test_without_keys_a_command_that_repairs_runs_and_a_shell_seals_nothing(django_db_setup: None) -> None:
    without = production(ENCRYPTION_KEYS="")
    assert manage(without, "keys", "generate").returncode == 0
    done = manage(without, "shell", "-c", "from tenancy.encryption.keks import kek_for_writing; kek_for_writing()")
    assert done.returncode != 0
    assert "KeysMissing: ENCRYPTION_KEYS is not set" in done.stderr


def test_secrets_come_from_the_environment_alone(django_db_setup: None) -> None:
    """Without them there are none: nothing in the code stands in for a secret."""
    program = """
        from glucose_platform import settings
        print(settings.SETTINGS_PROBLEMS and 'refused', settings.SECRET_KEY)
    """
    bare = {"PATH": os.environ["PATH"], "GLUCOSE_STATE_DIR": "/nonexistent"}
    lines = {
        subprocess.run(
            [sys.executable, "-c", "\n".join(line.strip() for line in program.splitlines())],
            cwd=PROJECT, env=bare, capture_output=True, text=True, check=True,
        ).stdout
        for _ in range(2)
    }  # fmt: skip
    assert len(lines) == 2, "two starts without a SECRET_KEY have the same one"
    assert all(line.startswith("refused") for line in lines)


def test_a_new_installation_has_no_account(django_db_setup: None) -> None:
    """The tests' database is a migrated one, with nothing else in it."""
    assert rows_after_migrating == dict.fromkeys(ACCOUNTS, 0)


def test_what_is_shipped_is_listed_with_versions_and_hashes(tmp_path: Path) -> None:
    output = tmp_path / "dist" / "sbom.json"
    count = sbom.write(output)
    listed = json.loads(output.read_text())["components"]
    pinned = PINNED.findall((PROJECT / sbom.LOCK).read_text())
    assert count == len(pinned) > 40
    # Some packages have one version for older Pythons and another one for newer.
    assert {(item["name"], item["version"]) for item in listed} == set(pinned)
    for item in listed:
        assert any(reference.get("hashes") for reference in item["externalReferences"]), item["name"]


@pytest.mark.nightly
def test_the_same_lock_makes_the_same_list(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    sbom.write(first)
    sbom.write(second)
    assert first.read_bytes() == second.read_bytes()
