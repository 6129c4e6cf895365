"""Restores a backup into a fresh cluster of the embedded programs, looks whether it can be used, and removes it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import django

from glucose_platform import embedded
from glucose_platform.embedded.state import DATABASE_NAMES

ADDRESSES = (*DATABASE_NAMES, "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD")


def rehearse(*, directory: Path, keys_directory: Path, redis_url: str) -> bool:
    """In a process of its own, whose settings name the fresh cluster: nothing reaches the database that serves."""
    with tempfile.TemporaryDirectory(prefix="glucose-rehearsal-") as temporary:
        # The servers' account passes through it.
        Path(temporary).chmod(0o711)
        state = Path(temporary) / "state"
        try:
            addresses = embedded.start(state, broker=False).environment()
            command = [sys.executable, "-m", __name__, str(directory.resolve()), str(keys_directory.resolve())]
            done = subprocess.run(
                command,
                env=_environment(os.environ, {**addresses, "REDIS_URL": redis_url}),
                cwd=Path(__file__).resolve().parents[2],
                check=False,
            )
        finally:
            embedded.remove(state)
    return done.returncode == 0


def _environment(environ: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    theirs = {name for base in (*ADDRESSES, "REDIS_URL") for name in (base, f"{base}_FILE")}
    return {name: value for name, value in environ.items() if name not in theirs} | dict(ours)


def main(directory: str, keys_directory: str) -> int:
    from glucose_platform.backups.examining import examine_clinics, faults_of_rows
    from glucose_platform.backups.files import BackupError
    from glucose_platform.backups.restoring import restore_backup

    try:
        manifest = restore_backup(directory=Path(directory), keys_directory=Path(keys_directory), tell=_tell)
    except BackupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    faults = list(faults_of_rows(manifest))
    if not faults:
        rows = sum(sum(clinics.values()) for clinics in manifest.counts.values())
        _tell(f"All {rows:,} rows of {len(manifest.counts)} tables are there.")
    for says, found in examine_clinics(manifest):
        _tell(says)
        faults += found
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


def _tell(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
    django.setup()
    sys.exit(main(*sys.argv[1:]))
