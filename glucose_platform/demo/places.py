"""What the demo keeps in the state directory besides the services: a lock, its secret key, the feed's keys."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DemoError(RuntimeError):
    """The demo cannot go on; the text says what to do."""


def demo_directory(state_dir: Path) -> Path:
    return state_dir / "demo"


@contextmanager
def only_demo_here(state_dir: Path) -> Iterator[None]:
    """Held while a demo runs, released by the kernel however it ends. Raises DemoError where another one holds it."""
    directory = demo_directory(state_dir)
    try:
        if not state_dir.exists():
            state_dir.parent.mkdir(parents=True, exist_ok=True)
            # Root's servers run as another account, which passes through here to their own directories.
            state_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)
        directory.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except PermissionError:
        raise DemoError(
            f"{directory} belongs to another user. Run as that user, or set GLUCOSE_STATE_DIR to a place of your own."
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DemoError(
            f"A demo runs already with its data in {state_dir}. Stop it first, or set GLUCOSE_STATE_DIR for another."
        ) from None
    finally:
        os.close(descriptor)


def secret_key_file(state_dir: Path) -> Path:
    """Made once: sessions and tokens of the demo outlive its restarts."""
    path = demo_directory(state_dir) / "secret-key"
    if not path.exists():
        temporary = path.with_name("secret-key.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
        temporary.rename(path)
    return path


def forget(state_dir: Path) -> None:
    """Everything of the demo that is not the services' own."""
    shutil.rmtree(demo_directory(state_dir), ignore_errors=True)
    for path in state_dir.glob("celerybeat-schedule*"):
        path.unlink()
