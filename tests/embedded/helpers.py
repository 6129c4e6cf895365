from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from glucose_platform.embedded import state
from glucose_platform.embedded.launcher import _servers
from glucose_platform.embedded.places import existing_places
from glucose_platform.embedded.postgres import Postgres
from glucose_platform.embedded.valkey import Valkey

PROJECT = Path(__file__).resolve().parents[2]


def servers(state_dir: Path) -> tuple[Postgres, Valkey]:
    record = state.load(state_dir)
    assert record is not None
    return _servers(existing_places(state_dir, record), record)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
