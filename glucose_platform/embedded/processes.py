"""Finding, starting and ending server processes without ever trusting a process id from a file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from glucose_platform.embedded.account import Account, server_environment
from glucose_platform.embedded.errors import EmbeddedError

POLL_SECONDS = 0.05
# The background process must not be a child of ours: a dead child stays a zombie that still owns its lock file.
# The shell's own standard input would become /dev/null for a background command, hence descriptor 3.
DETACH = 'exec 3<&0; "$@" <&3 3<&- >&2 & echo $!'


def working_in(directory: Path, account: Account) -> set[int]:
    """Processes whose working directory this is. Zombies have none and are left out.

    Asked as the servers' account: in a container root often may not look into another account's processes.
    """
    wanted = str(directory.resolve())
    if sys.platform == "linux":
        listing = account.run(["sh", "-c", "ls -l /proc/[0-9]*/cwd 2>/dev/null"]).stdout
        found = re.findall(r"/proc/(\d+)/cwd -> (.*)$", listing, re.MULTILINE)
        return {int(pid) for pid, path in found if path == wanted}
    listing = account.run(["lsof", "-a", "-d", "cwd", "-F", "pn"]).stdout
    pids: set[int] = set()
    pid = 0
    for line in listing.splitlines():
        if line.startswith("p"):
            pid = int(line[1:])
        elif line == f"n{wanted}":
            pids.add(pid)
    return pids


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        if sys.platform == "linux":
            return False
    else:
        return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def launch(argv: Sequence[str | Path], *, account: Account, log: Path, stdin: str = "") -> int:
    """Starts a server in a session of its own and returns its process id."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        completed = subprocess.run(
            ["/bin/sh", "-c", DETACH, "sh", *[str(part) for part in argv]],
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
            umask=0o077,
            cwd="/",
            env=server_environment(),
            start_new_session=True,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=descriptor,
            text=True,
            check=True,
        )
    finally:
        os.close(descriptor)
    return int(completed.stdout)


def end(pids: set[int], first: signal.Signals, seconds: float, *, then: signal.Signals, what: str) -> None:
    """Asks, then insists; an error names what is left."""
    for wanted in (first, then):
        for pid in pids:
            _send(pid, wanted)
        if wait_until(lambda: not any(alive(pid) for pid in pids), seconds):
            return
    left = ", ".join(str(pid) for pid in sorted(pids) if alive(pid))
    raise EmbeddedError(f"{what} does not end (process {left}). End it by hand and start again.")


def _send(pid: int, wanted: signal.Signals) -> None:
    try:
        os.kill(pid, wanted)
    except ProcessLookupError:
        return


def tail(log: Path, lines: int = 8) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])
