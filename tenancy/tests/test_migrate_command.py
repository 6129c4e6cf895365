from __future__ import annotations

from pathlib import Path

from tenancy.tests.test_startup import start


def test_migrate_without_the_owner_says_what_to_do(tmp_path: Path) -> None:
    done = start(["manage.py", "migrate"], GLUCOSE_STATE_DIR=str(tmp_path), GLUCOSE_PROCESS=None)
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: DATABASE_OWNER_URL is not set. Migrations run as glucose_owner")
