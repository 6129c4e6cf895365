"""Where data and sockets go."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from glucose_platform.embedded.account import Account, server_account
from glucose_platform.embedded.errors import EmbeddedError
from glucose_platform.embedded.state import Record, services_directory

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only unguessable names are made in it
SHARED_MEMORY_NEEDED = 512 * 1024 * 1024  # containers often have 64 MB
SYSTEM_STATE = Path("/var/lib/glucose-platform")
# 107 bytes on Linux, 103 on macOS; the longest name is PostgreSQL's ".s.PGSQL.5432".
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Places:
    account: Account
    logs: Path
    home: Path
    sockets: Path
    in_memory: bool

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        return self.home / "valkey"


def existing_places(state_dir: Path, record: Record) -> Places:
    """Where a former start put things, without making anything."""
    directory = services_directory(state_dir)
    home = Path(record.home) if record.home else directory
    return Places(
        account=server_account(_owner(home / "postgres") or _owner(home / "valkey"), directory.stat().st_uid),
        logs=directory,
        home=home,
        sockets=Path(record.sockets or directory / "run"),
        in_memory=home.is_relative_to(SHARED_MEMORY),
    )


def make_services_directory(state_dir: Path) -> Path:
    """0700; 0711 under root, whose servers run as another account and must pass through to their own directories."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    directory = services_directory(state_dir)
    try:
        if not state_dir.exists():
            state_dir.parent.mkdir(parents=True, exist_ok=True)
            state_dir.mkdir(mode=mode, exist_ok=True)
        directory.mkdir(mode=mode, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError
    except PermissionError:
        raise EmbeddedError(
            f"{directory} cannot be written by this user. Run as its owner, or set GLUCOSE_STATE_DIR to a directory "
            "of your own."
        ) from None
    if os.geteuid() == 0:
        owner = state_dir.stat()
        os.chown(directory, owner.st_uid, owner.st_gid)
    return directory


def make_places(state_dir: Path, record: Record) -> Places:
    """Fills ``record`` where something had to move out of the state directory."""
    directory = services_directory(state_dir)
    if record.directory != str(directory):
        # New, moved or copied. A copy must not share its original's sockets.
        record.directory, record.sockets = str(directory), ""
    _keep_or_choose_home(directory, record)
    places = existing_places(state_dir, record)
    private_directory(places.postgres, places.account)
    private_directory(places.valkey, places.account)
    record.sockets = str(_sockets(places, record))
    return existing_places(state_dir, record)


def _keep_or_choose_home(directory: Path, record: Record) -> None:
    home = Path(record.home) if record.home else directory
    if record.home and not home.exists():
        if not record.volatile:
            raise EmbeddedError(
                f"The data of these services were in {home}, which is gone. Restore it, or remove {directory} to "
                "start with empty services."
            )
        record.home = ""
    if record.home or _owner(directory / "postgres") is not None:
        return
    account = server_account(None, directory.stat().st_uid)
    if record.volatile and _free(SHARED_MEMORY) >= SHARED_MEMORY_NEEDED:
        record.home = tempfile.mkdtemp(prefix="glucose-", dir=SHARED_MEMORY)
    elif account.drops and not account.reaches(directory):
        SYSTEM_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        record.home = tempfile.mkdtemp(prefix="services-", dir=SYSTEM_STATE)
    if record.home and account.drops:
        os.chmod(record.home, 0o711)  # noqa: S103 - a way through to private directories, not readable


def _sockets(places: Places, record: Record) -> Path:
    if record.sockets and _owner(Path(record.sockets)) == places.account.uid:
        return Path(record.sockets)
    directory = places.home / "run"
    if len(os.fsencode(directory / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH:
        # A reboot may empty /tmp: a fresh unguessable name each time, never one that somebody else could prepare.
        directory = Path(tempfile.mkdtemp(prefix="glucose-", dir="/tmp"))
        if places.account.drops:
            os.chown(directory, places.account.uid, places.account.gid)
    private_directory(directory, places.account)
    return directory


def private_directory(path: Path, account: Account) -> None:
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        owner = _owner(path)
        ours = owner == account.uid or (account.drops and owner == 0)  # root was killed between mkdir and chown
        if path.is_symlink() or not path.is_dir() or not ours:
            raise EmbeddedError(
                f"{path} exists and does not belong to the account {account.name or account.uid}, which the services "
                "run as. Remove it or give it to that account."
            ) from None
    if account.drops:
        os.chown(path, account.uid, account.gid)


def remove_places(places: Places) -> None:
    outside = [places.home] if places.home != places.logs else []
    for path in (places.postgres, places.valkey, places.sockets, *outside):
        if path.exists():
            shutil.rmtree(path)


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except FileNotFoundError:
        return None


def _free(path: Path) -> int:
    return shutil.disk_usage(path).free if path.is_dir() else 0
