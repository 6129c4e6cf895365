"""Where a server's processor time goes, sampled from outside by py-spy."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import BenchmarkError

SAMPLES_PER_SECOND = 200
LINES = 40
# Of what a server does for a request; all before is its way there.
STARTS = ("Handle._run (", "BaseEventLoop._run_once (", "WSGIHandler.__call__ (", "MPServer._spawn_")


@contextmanager
def profile(pid: int, directory: Path | None, name: str) -> Iterator[None]:
    """Writes ``name``.txt, the hottest functions, and ``name``.stacks, which flame graphs are made of.

    Does nothing without a directory. Only what holds the interpreter is counted: a thread that waits for a core of a
    busy machine looks like one at work. Sampling takes processor time of its own: such a run's rates are too low.
    """
    if directory is None:
        yield
        return
    directory.mkdir(parents=True, exist_ok=True)
    stacks = directory / f"{name}.stacks"
    command = [
        str(Path(sys.executable).parent / "py-spy"), "record", "--pid", str(pid), "--subprocesses", "--format", "raw",
        "--rate", str(SAMPLES_PER_SECOND), "--nonblocking", "--gil", "--function", "--duration", "unlimited",
        "--output", str(stacks),
    ]  # fmt: skip
    sampler = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield
    finally:
        sampler.send_signal(signal.SIGINT)
        said, _ = sampler.communicate(timeout=60)
    if not stacks.exists():
        raise BenchmarkError(f"py-spy made no profile:\n{said}")
    (directory / f"{name}.txt").write_text(hottest(stacks.read_text()))


def hottest(stacks: str) -> str:
    """Of collapsed stacks: shares of the samples, by package, by the function that ran, by those that waited for it."""
    packages: Counter[str] = Counter()
    ending: Counter[str] = Counter()
    passing: Counter[str] = Counter()
    for line in stacks.splitlines():
        frames, _, count = line.rpartition(" ")
        functions = _below_the_server(frames.split(";"))
        if not functions:
            continue
        packages[_package(functions[-1])] += int(count)
        ending[functions[-1]] += int(count)
        passing.update(dict.fromkeys(functions, int(count)))
    total = ending.total() or 1
    sections = []
    for title, counter in (("in a package", packages), ("ending in", ending), ("passing through", passing)):
        rows = [f"{100 * count / total:6.1f} %  {name}" for name, count in counter.most_common(LINES)]
        sections.append("\n".join([f"Of {total} samples {title}", *rows]))
    return "\n\n".join(sections) + "\n"


def _package(function: str) -> str:
    """``Cursor.execute (psycopg/cursor.py:12)`` is psycopg."""
    return function.rpartition("(")[2].partition("/")[0].partition(".py")[0]


def _below_the_server(frames: list[str]) -> list[str]:
    """Without what every stack begins with: the process, its start, the event loop's round."""
    functions = [frame for frame in frames if not frame.startswith("process ")]
    starts = [number for number, function in enumerate(functions) if function.startswith(STARTS)]
    return functions[starts[-1] :] if starts else functions
