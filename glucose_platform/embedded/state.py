"""What the launcher remembers between starts: ``services/services.json`` in the state directory."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from glucose_platform.embedded.errors import EmbeddedError

PROJECT = Path(__file__).resolve().parents[2]
# Who gives one of a group speaks of a server of their own: the rest of the group is not ours to fill in.
DATABASE_NAMES = ("DATABASE_URL", "DATABASE_EDGE_URL", "DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL", "DB_HOST")
REDIS_NAMES = ("REDIS_URL", "REDIS_HOST")


@dataclass(slots=True)
class Record:
    """``home`` is set only where the data could not live in the state directory."""

    volatile: bool = False
    directory: str = ""
    home: str = ""
    sockets: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def password(self, name: str) -> str:
        """URL-safe, so that no URL needs escaping."""
        return self.passwords.setdefault(name, secrets.token_urlsafe(24))


def state_directory(environ: Mapping[str, str]) -> Path:
    """``GLUCOSE_STATE_DIR``, or ``var`` in the project."""
    return Path(environ.get("GLUCOSE_STATE_DIR") or PROJECT / "var").expanduser().absolute()


def services_directory(state_dir: Path) -> Path:
    return state_dir.absolute() / "services"


def saved_environment(state_dir: Path) -> dict[str, str]:
    """The addresses that the last start wrote, {} if there was none. Starts and changes nothing."""
    record = load(state_dir)
    return dict(record.environment) if record else {}


def completed_environment(state_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ``, and the saved addresses of a server that it says nothing about.

    Never a mixture: a DATABASE_URL (or its _FILE, or DB_HOST) from outside beside our saved DATABASE_OWNER_URL would
    migrate one database and serve another.
    """
    taken = {name for group in (DATABASE_NAMES, REDIS_NAMES) if given(environ, group) for name in group}
    saved = {name: value for name, value in saved_environment(state_dir).items() if name not in taken}
    return {**saved, **environ}


def given(environ: Mapping[str, str], names: tuple[str, ...]) -> list[str]:
    """Which of the names ``environ`` gives, each also as NAME_FILE."""
    return [found for name in names for found in (name, f"{name}_FILE") if environ.get(found)]


def load(state_dir: Path) -> Record | None:
    path = services_directory(state_dir) / "services.json"
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise EmbeddedError(
            f"{path} belongs to another user. Run as that user, or set GLUCOSE_STATE_DIR to a directory of your own."
        ) from None
    except (ValueError, TypeError):
        raise EmbeddedError(
            f"{path} is damaged. It holds the passwords of the data beside it: restore it, or remove {path.parent} "
            "to start with empty services."
        ) from None


def save(state_dir: Path, record: Record) -> None:
    """Written beside and renamed: a reader sees the old file or the new one."""
    directory = services_directory(state_dir)
    temporary = directory / f"services.json.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(record), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
        _give_to_owner(file.fileno(), directory)
    temporary.replace(directory / "services.json")


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Held by one process at a time, released by the kernel when that process dies."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _give_to_owner(descriptor, directory)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _give_to_owner(descriptor: int, directory: Path) -> None:
    """Root may start the services of an ordinary user, who must still be able to use them afterwards."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
