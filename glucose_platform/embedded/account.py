"""The operating-system account that the servers run as."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glucose_platform.embedded.errors import EmbeddedError

# PostgreSQL refuses to run as root; of these the first that exists is used, no account is ever created.
UNPRIVILEGED_NAMES = ("postgres", "nobody")
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int
    drops: bool  # this process is root and gives the servers to another account

    @property
    def user(self) -> int | None:
        return self.uid if self.drops else None

    @property
    def group(self) -> int | None:
        return self.gid if self.drops else None

    @property
    def extra_groups(self) -> list[int] | None:
        return [] if self.drops else None

    def run(self, argv: Sequence[str | Path], *, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [str(part) for part in argv],
                user=self.user,
                group=self.group,
                extra_groups=self.extra_groups,
                umask=0o077,
                cwd="/",  # the caller's directory may be closed to this account
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
            )
        except (PermissionError, FileNotFoundError) as error:
            # A program below a closed directory fails in exec, before it has an exit code of its own.
            return subprocess.CompletedProcess(list(map(str, argv)), 126, "", str(error))

    def reaches(self, directory: Path) -> bool:
        return self.run(["test", "-x", directory]).returncode == 0


def server_environment() -> dict[str, str]:
    """Nothing of ours reaches the servers: neither secrets nor PG* variables that would redirect them."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}


def current_account() -> Account:
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    return Account(name, uid, os.getegid(), drops=False)


def server_account(data_owner: int | None, state_owner: int) -> Account:
    """Whoever owns the data keeps them; a new installation of root goes to an unprivileged account."""
    if os.geteuid() != 0:
        return current_account()
    owner = data_owner if data_owner is not None else state_owner
    if owner != 0:
        return _by_uid(owner)
    for name in UNPRIVILEGED_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, drops=True)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is no account named "
        f"{' or '.join(UNPRIVILEGED_NAMES)}. Start as an ordinary user, or give DATABASE_URL and REDIS_URL."
    )


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"The embedded services belong to user id {uid}, which has no account here. "
            "Start as that user, or give DATABASE_URL and REDIS_URL."
        ) from None
    return Account(entry.pw_name, uid, entry.pw_gid, drops=True)
