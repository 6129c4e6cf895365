"""Processor time and memory of the servers, read from /proc; nothing is told where the system has none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
MEBIBYTE = 1024 * 1024


@dataclass(slots=True)
class Spent:
    """Seconds of processor time, by name; filled when the measured block ends."""

    seconds: dict[str, float] = field(default_factory=dict)

    def each(self, count: float) -> dict[str, float]:
        """For the table: milliseconds for one of ``count``; a busy neighbour changes them less than it does rates."""
        return {f"{name} CPU ms": round(1000 * value / max(count, 1), 2) for name, value in self.seconds.items()}


@contextmanager
def processor_time(servers: Mapping[str, int]) -> Iterator[Spent]:
    """``servers``: the process at the top of each, by name. What this process's ended children took is ``client``."""
    spent = Spent()
    before, clients = _seconds_of(servers), _of_ended_children()
    yield spent
    after = _seconds_of(servers)
    spent.seconds = {name: after[name] - before.get(name, 0.0) for name in after}
    if spent.seconds:
        spent.seconds["client"] = _of_ended_children() - clients


def resident_mebibytes(pid: int) -> float:
    """Of a process and all below it; 0 where the system does not say."""
    pages = sum(_resident_pages(each) for each in family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents = {int(path.name): stat[1] for path in PROC.glob("[0-9]*") if (stat := _stat(path))}
    found = [pid] if pid in parents else []
    for each in found:
        found += [child for child, parent in parents.items() if int(parent) == each]
    return found


def _seconds_of(servers: Mapping[str, int]) -> dict[str, float]:
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for name, pid in servers.items():
        stats = [stat for each in family(pid) if (stat := _stat(PROC / str(each)))]
        if stats:
            # The last two are those of children that have ended: a backend of PostgreSQL goes with its client.
            found[name] = sum(int(value) for stat in stats for value in stat[11:15]) / ticks
    return found


def _stat(directory: Path) -> list[str]:
    """The fields after the name, which may hold spaces: the state first. Empty where the process has gone."""
    try:
        return (directory / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def _resident_pages(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "statm").read_text().split()[1])
    except OSError:
        return 0


def _of_ended_children() -> float:
    times = os.times()
    return times.children_user + times.children_system
