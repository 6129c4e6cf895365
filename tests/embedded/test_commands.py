"""The commands as an operator runs them: in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.embedded.helpers import PROJECT, servers

NAMES = ("DATABASE_", "REDIS_", "DB_", "PYTEST_", "COV_")


def _manage(state_dir, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(NAMES)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**inherited, "GLUCOSE_STATE_DIR": str(state_dir), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_services_start_show_themselves_and_stop(state_dir):
    assert _manage(state_dir, "services", "status").returncode == 3
    started = _manage(state_dir, "services", "start")
    assert started.returncode == 0, started.stderr
    assert "PostgreSQL is running" in started.stdout
    assert "Valkey is running" in started.stdout
    status = _manage(state_dir, "services", "status")
    assert status.returncode == 0
    assert status.stdout.count("running, process") == 2
    stopped = _manage(state_dir, "services", "stop")
    assert stopped.stdout == "Stopped Valkey and PostgreSQL.\n"
    assert _manage(state_dir, "services", "status").returncode == 3


def test_services_start_nothing_where_addresses_are_given(state_dir):
    given = {"DATABASE_URL": "postgresql://glucose_app@127.0.0.1:1/glucose", "REDIS_URL": "redis://127.0.0.1:1"}
    started = _manage(state_dir, "services", "start", **given)
    assert started.returncode == 0, started.stderr
    assert "nothing is started" in started.stdout
    assert not state_dir.exists()


@pytest.mark.nightly
@pytest.mark.slow
def test_database_prepare_prints_lines_for_an_env_file(state_dir):
    assert _manage(state_dir, "services", "start").returncode == 0
    url = servers(state_dir)[0].admin_url
    silent = _manage(state_dir, "database", "prepare", "--admin-url", url)
    assert silent.returncode == 0, silent.stderr
    assert silent.stdout == ""
    assert silent.stderr.count("its password is not known here") == 4
    rotated = _manage(state_dir, "database", "prepare", "--admin-url", url, "--rotate-passwords")
    lines = dict(line.split("=", 1) for line in rotated.stdout.splitlines())
    assert list(lines) == ["DATABASE_OWNER_URL", "DATABASE_URL", "DATABASE_EDGE_URL", "DATABASE_PLATFORM_URL"]
    assert _manage(state_dir, "database", "prepare", "--admin-url", url, **lines).stdout == rotated.stdout


def test_database_prepare_says_why_it_cannot_connect(state_dir):
    url = "postgresql://postgres:very-secret@127.0.0.1:1/postgres"
    answer = _manage(state_dir, "database", "prepare", "--admin-url", url)
    assert answer.returncode == 1
    assert "--admin-url cannot be used" in answer.stderr
    assert "very-secret" not in answer.stderr
