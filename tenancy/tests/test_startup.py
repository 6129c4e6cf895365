"""What a serving process refuses, tried with the process itself: it ends with a sentence that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from tenancy.startup import refuse_role_that_bypasses_isolation, refuse_to_serve_unsafely

pytestmark = pytest.mark.promise(4)

START_WEB = ["-c", "import glucose_platform.wsgi"]
START_WORKER = ["-m", "celery", "-A", "glucose_platform", "worker", "--pool", "solo", "--queues", "nobody-sends-here"]
READY_WORKER = [
    "-c",
    "from celery.signals import worker_init; from glucose_platform.celery import app; worker_init.send(sender=None)",
]


def start(program: list[str], **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GLUCOSE_PROCESS": "web", **{key: value for key, value in changes.items() if value}}
    for key in ["DATABASE_OWNER_URL", *[key for key, value in changes.items() if value is None]]:
        if not changes.get(key):
            environment.pop(key, None)
    return subprocess.run(
        [sys.executable, *program],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("program", [START_WEB, READY_WORKER], ids=["web", "worker"])
@pytest.mark.django_db
def test_as_the_app_role_it_starts(program: list[str]) -> None:
    done = start(program)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", [START_WEB, START_WORKER], ids=["web", "worker"])
@pytest.mark.django_db
def test_as_the_owner_it_refuses(program: list[str]) -> None:
    """Whoever puts the owner's URL where the app's belongs would serve without row-level security."""
    done = start(program, DATABASE_URL=os.environ["DATABASE_OWNER_URL"])

    assert done.returncode != 0
    assert "The database role 'glucose_owner' can see every clinic's rows" in done.stderr
    assert "manage.py database prepare --admin-url URL" in done.stderr


@pytest.mark.django_db
def test_as_the_role_of_support_it_refuses() -> None:
    """It bypasses nothing and owns nothing, but its policies let it read every clinic."""
    done = start(START_WEB, DATABASE_URL=os.environ["DATABASE_PLATFORM_URL"])

    assert done.returncode != 0
    assert "The database role 'glucose_support' can see every clinic's rows" in done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("as_file", [False, True], ids=["value", "file"])
def test_with_the_owners_url_beside_it_refuses(as_file: bool, tmp_path: Path) -> None:
    url = os.environ["DATABASE_OWNER_URL"]
    (tmp_path / "owner").write_text(url)
    changes = {"DATABASE_OWNER_URL_FILE": str(tmp_path / "owner")} if as_file else {"DATABASE_OWNER_URL": url}
    done = start(START_WEB, **changes)

    assert done.returncode != 0
    assert "DATABASE_OWNER_URL is set in a serving process" in done.stderr


@pytest.mark.django_db
def test_every_fault_of_the_settings_is_told_at_once() -> None:
    done = start(START_WEB, SECRET_KEY="short", ACCESS_TOKEN_EXPIRE_MINUTES="soon", JWT_SECRET="x")

    assert done.returncode != 0
    for sentence in ("SECRET_KEY must have at least 32 characters", "must be a whole number", "JWT_SECRET is not used"):
        assert sentence in done.stderr


@pytest.mark.django_db
def test_a_role_that_owns_a_table_is_refused() -> None:
    """The owner of a table may switch its row-level security off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
        if not cursor.fetchone()[0]:
            pytest.skip("the app role can make no table here, not even a temporary one")
        cursor.execute("CREATE TEMPORARY TABLE mine (id bigint)")
    with pytest.raises(ImproperlyConfigured, match="can see every clinic's rows"):
        refuse_role_that_bypasses_isolation()


def test_the_owner_among_the_databases_is_refused_in_process() -> None:
    assert "owner" in settings.DATABASES
    with pytest.raises(ImproperlyConfigured, match="DATABASE_OWNER_URL is set in a serving process"):
        refuse_to_serve_unsafely()
