"""Broken installations, and what the doctor says of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from audit.tests.ledgers import seal
from glucose_platform.doctor import checklist, services
from glucose_platform.doctor.examination import examine
from glucose_platform.doctor.findings import Finding
from tenancy.heartbeat import KEY, worker_heartbeat
from tenancy.redis import limits_client
from tests.clinics import Clinic

PROJECT = Path(__file__).resolve().parents[3]


def found_by_part() -> dict[str, Finding]:
    return {one.part: one for one in examine()}


def asked_with(environment: dict[str, str], *options: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """The exit code, the findings and all that was written, of a command of its own."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json", *options],
        cwd=PROJECT,
        env={**os.environ, "APP_ENV": "test", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    findings = {one["part"]: one for one in json.loads(done.stdout)["findings"]}
    return done.returncode, findings, done.stdout + done.stderr


@pytest.fixture
def allowed(settings: Any) -> Iterator[None]:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    worker_heartbeat()
    yield
    limits_client().delete(KEY)


@pytest.mark.django_db(transaction=True)
def test_a_healthy_installation_has_no_problem(northside: Clinic, allowed: None, capsys: Any) -> None:
    # The clinic was made when this process of the tests began.
    seal(northside)
    call_command("doctor")
    told = capsys.readouterr().out
    assert "0 problems" in told
    for part in ("database role glucose_app", "migrations", "partitions", "worker", "beat", "encryption keys"):
        assert f"OK             {part}:" in told


@pytest.mark.django_db(transaction=True)
def test_the_wrong_role_and_a_valkey_that_is_stopped() -> None:
    owner = os.environ["DATABASE_OWNER_URL"]
    code, found, told = asked_with({"DATABASE_URL": owner, "REDIS_URL": "redis://127.0.0.1:1"})
    assert code == 1
    app = found["database role glucose_app"]
    assert (app["state"], "signs in as glucose_owner" in app["says"]) == ("problem", True)
    assert "manage.py database prepare" in app["do"]
    valkey = found["Redis or Valkey"]
    assert (valkey["state"], "REDIS_URL" in valkey["says"], "services start" in valkey["do"]) == ("problem", True, True)
    assert found["worker"]["state"] == found["beat"]["state"] == "not looked at"
    # The rest is looked at all the same, and no password is told.
    assert found["migrations"]["state"] == "ok"
    password = urlsplit(owner).password
    assert not password or password not in told


def test_a_database_that_is_away_and_settings_with_faults() -> None:
    nowhere = "postgresql://glucose_app:sesame-open-it@127.0.0.1:1/glucose"  # secret-scan: allow made up
    code, found, told = asked_with({"DATABASE_URL": nowhere, "SECRET_KEY": "short"}, "--production")
    assert code == 1
    app = found["database role glucose_app"]
    assert (app["state"], "does not reach the database" in app["says"]) == ("problem", True)
    assert found["migrations"]["state"] == "not looked at"
    assert "SECRET_KEY" in found["settings"]["says"]
    assert found["VerdoyLab: strong SECRET_KEY"]["state"] == "problem"
    assert found["VerdoyLab: PostgreSQL"]["state"] == "problem"
    assert found["KOS: change default passwords"]["state"] == "problem"
    assert "sesame-open-it" not in told


@pytest.mark.django_db(transaction=True)
def test_what_stopped_is_named(
    northside: Clinic, allowed: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits_client().delete(KEY)
    monkeypatch.setattr(services, "_database_clock", lambda: datetime.now(UTC).timestamp() + 90)
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.PUBLIC_URL = "https://glucose.example"
    settings.ENCRYPTION_KEYS = type(settings.ENCRYPTION_KEYS)("new", {"new": bytes(32)})
    settings.METRICS_TOKEN = "change-me-please-now"
    found = found_by_part()
    assert "None answers" in found["worker"].says
    assert "90 s ahead of" in found["clock of the database"].says
    assert found["mail"].state == "problem"
    assert "ALLOWED_HOSTS" in found["PUBLIC_URL"].says
    assert "ENCRYPTION_KEYS does not have" in found["encryption keys"].says
    assert "METRICS_TOKEN" in found["secrets"].says


def test_backups_have_an_age(tmp_path: Path) -> None:
    (none,) = services.look_at_backups(tmp_path)
    assert none.state == "problem"
    backup = tmp_path / "glucose.dump"
    backup.write_bytes(b"")
    assert [one.state for one in services.look_at_backups(tmp_path)] == ["ok"]
    os.utime(backup, (1_000_000_000, 1_000_000_000))
    assert [one.state for one in services.look_at_backups(tmp_path)] == ["problem"]


def test_every_item_asks_for_a_look_or_says_what_shows_it() -> None:
    for items in checklist.CHECKLISTS.values():
        assert not [item.name for item in items if not (item.parts or item.rule or item.shown_by)]
        for item in items:
            for path in item.shown_by.split():
                if path.startswith(("docs/", "scripts/", "deploy/", "docker-compose")):
                    assert (PROJECT / path).exists(), path
