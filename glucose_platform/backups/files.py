"""The files of a backup: written under another name, flushed and renamed, readable by their owner only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

FORMAT = 1
MANIFESTS = "glucose-*.manifest.json"
KEYS = "glucose-*.keys.jsonl"
# Rows of a table by the clinic's code; what belongs to no clinic stands under "".
Counts = dict[str, dict[str, int]]


class BackupError(RuntimeError):
    """A backup cannot be made or used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    made_at: str
    dump: str
    sha256: str
    migrations: dict[str, str]
    counts: Counts
    audit_heads: dict[str, str]
    format: int = FORMAT

    def save(self, path: Path) -> None:
        with written(path) as file:
            json.dump(asdict(self), file, indent=2, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Keys:
    path: Path
    made_at: str


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def private_directory(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    temporary = path.with_name(f"{path.name}.unfinished")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
        finish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def finish(temporary: Path, path: Path) -> None:
    temporary.chmod(0o600)
    for place, then in ((temporary, lambda: temporary.replace(path)), (path.parent, lambda: None)):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        then()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def newest(directory: Path, pattern: str, what: str) -> Path:
    found = sorted(directory.glob(pattern))
    if not found:
        raise BackupError(f"There is no {what} in {directory}: give the directory that `manage.py backup` wrote to.")
    return found[-1]


def checked_manifest(directory: Path) -> tuple[Manifest, Path]:
    """The newest one, and its dump, which is as it was written."""
    path = newest(directory, MANIFESTS, "manifest of a backup")
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**values)
    except (ValueError, TypeError):
        raise BackupError(f"{path} is damaged. Move it away to use the backup before, or fetch another copy.") from None
    dump = directory / Path(manifest.dump).name
    if not dump.is_file():
        raise BackupError(f"{dump} is missing, and its manifest is there. Fetch the file from where copies are kept.")
    if sha256_of(dump) != manifest.sha256:
        raise BackupError(
            f"{dump} is damaged: its SHA-256 is not the manifest's. Fetch another copy, or use an older one."
        )
    return manifest, dump


def checked_keys(directory: Path, manifest: Manifest) -> Keys:
    """The newest file, whole, and not older than the dump: that one would open what was shredded before the dump."""
    path = newest(directory, KEYS, "file of data keys")
    digest, made_at, last = hashlib.sha256(), "", ""
    try:
        with path.open(encoding="utf-8") as file:
            made_at = json.loads(file.readline())["made_at"]
            for line in file:
                if last:
                    digest.update(last.encode())
                last = line
        whole = json.loads(last)["sha256"] == digest.hexdigest()
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        raise BackupError(f"{path} is damaged. Fetch another copy of it.")
    if made_at < manifest.made_at:
        raise BackupError(
            f"{path} is older than the dump: keys that were made since are missing, and destroyed ones would be back. "
            "Give the directory with the newest keys."
        )
    return Keys(path, made_at)


def key_rows(keys: Keys) -> Iterator[dict[str, Any]]:
    with keys.path.open(encoding="utf-8") as file:
        for line in file:
            values = json.loads(line)
            if "table" in values:
                yield values
