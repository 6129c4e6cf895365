"""Ends the children of a supervisor that died without a word (kill -9). Run as a script by ``supervisor.py``.

Standard input names process groups, ``+123`` and ``-123``. It ends when the supervisor does, however that happened.
"""

from __future__ import annotations

import os
import signal
import sys
import time

PATIENCE_SECONDS = 5.0


def main() -> None:
    # A terminal's Ctrl-C or hang-up is the supervisor's business.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line)
        if group > 0:
            groups.add(group)
        else:
            groups.discard(-group)
    deadline = time.monotonic() + PATIENCE_SECONDS
    wanted = signal.SIGTERM
    while groups:
        groups = {group for group in groups if _send(group, wanted)}
        wanted = signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM
        time.sleep(0.1)


def _send(group: int, wanted: signal.Signals) -> bool:
    try:
        os.killpg(group, wanted)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
