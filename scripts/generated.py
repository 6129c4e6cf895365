"""Files written from the code: schema.yml, .env.example and two of the documents. Without --write it fails on drift."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.environment import static_environment
from tests.promises.report import checklist

PROJECT = Path(__file__).resolve().parent.parent
READ_VARIABLES = """
import dataclasses, json
from glucose_platform import settings
print(json.dumps([dataclasses.asdict(variable) for variable in settings.env.variables.values()]))
"""
ENV_HEADER = """\
# Every setting. Copy to .env (never committed), fill in what you need and hand it to the processes, for example by
# systemd's EnvironmentFile or `set -a; . ./.env`. Each name can also be given as NAME_FILE, the path of a file that
# holds the value; use that for secrets. `make demo` and `make test` need none of them.
# Written by `make generate`.
"""
SETTINGS_HEADER = """\
<!-- Written by `make generate` from glucose_platform/settings.py. -->
# Settings

Everything an operator can set, read from the environment when a process starts. A start with a fault names every fault
and what to do about it. `.env.example` holds the same names, ready to be copied.

Each name can also be given as `NAME_FILE`, the path of a file that holds the value: `SECRET_KEY_FILE=/run/secrets/key`.
Use that for what is marked secret here. `NAME` itself wins where both are given. Lists are JSON or values separated by
commas; true and false are also 1 and 0, yes and no, on and off.

`make demo`, `make test` and `make bench` need none of them.

| name | default | what for | secret |
|---|---|---|---|
"""
# Read before there are settings, where the embedded services are looked for.
STATE_DIRECTORY: dict[str, Any] = {
    "name": "GLUCOSE_STATE_DIR",
    "default": "var",
    "help": "directory of the embedded PostgreSQL and Valkey; has no file form",
    "secret": False,
}


def run(arguments: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.exit(f"{result.stdout}{result.stderr}")
    return result.stdout


def variables() -> list[dict[str, Any]]:
    """What the settings read. Some names are read only where another is missing, so none is given here."""
    with tempfile.TemporaryDirectory() as empty:
        output = run(["-c", READ_VARIABLES], {"PATH": os.environ["PATH"], "GLUCOSE_STATE_DIR": empty})
    found: list[dict[str, Any]] = json.loads(output)
    return [STATE_DIRECTORY, *found]


def env_example() -> str:
    return ENV_HEADER + "".join(
        f"\n# {variable['help']}\n#{variable['name']}={variable['default']}\n" for variable in variables()
    )


def settings_table() -> str:
    return SETTINGS_HEADER + "".join(_table_row(variable) for variable in variables())


def _table_row(variable: dict[str, Any]) -> str:
    default = f"`{variable['default']}`" if variable["default"] else ""
    secret = "yes" if variable["secret"] else ""
    return f"| `{variable['name']}` | {default} | {variable['help']} | {secret} |\n"


def schema() -> str:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "schema.yml"
        run(["manage.py", "spectacular", "--fail-on-warn", "--validate", "--file", str(path)], static_environment())
        return path.read_text()


GENERATED = {
    ".env.example": env_example,
    "docs/security-checklist.md": checklist,
    "docs/settings.md": settings_table,
    "schema.yml": schema,
}


def main(write: bool) -> int:
    drifted = False
    for name, generate in GENERATED.items():
        path = PROJECT / name
        text = generate()
        if write:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            print(f"{name} is not what the code says: run `make generate` and commit it")
            drifted = True
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main(write="--write" in sys.argv[1:]))
