"""Measures this machine: python -m benchmarks [--seconds 10] [--json FILE] [--picture FILE] [NAME ...]"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import django
from rich.console import Console

from benchmarks.errors import BenchmarkError
from benchmarks.installation import installation
from benchmarks.picture import draw
from benchmarks.report import Figure, Report, machine

if TYPE_CHECKING:
    from benchmarks.bench import Bench

MEASUREMENTS = {
    "posts": "single posts",
    "batches": "batches",
    "current": "the current value",
    "history": "14 days of history",
    "isolation": "row-level security",
    "memory": "the memory of the data plane",
    "alarms": "the alarm rules",
    "fleet": "heartbeats of a fleet",
    "commands": "commands of devices that listen",
    "streams": "live streams and the delivery of alarms",
    "imports": "the import of a file",
    "dexcom": "the sync with Dexcom",
    "audit": "the audit ledger",
    "encryption": "sealed fields and the rotation of their keys",
    "analytics": "the metrics of a person",
    "worklist": "the worklist of a clinic",
    "results": "90 days of results",
    "report": "the report as PDF",
    "simulator": "virtual patients",
    # The last: what is measured beside a table of that size is measured on another machine.
    "growth": "a small and a large table",
}
FULL_IMPORT, QUICK_IMPORT = 100_000, 5_000
FULL_POSTS, QUICK_POSTS = 50_000, 1_000
FULL_ROWS, QUICK_ROWS = 20_000_000, 200_000
FULL_PEOPLE, QUICK_PEOPLE = 400, 40
QUICK_SECONDS = 1.0
MOST = 1_000_000_000
progress = Console(stderr=True)


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    try:
        progress.print("Starting PostgreSQL and Valkey")
        with installation() as directory:
            report = _measure_all(options, directory)
    except BenchmarkError as error:
        progress.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        progress.print("Stopped; services and data are gone.")
        return 130
    report.show()
    if options.json:
        report.write(options.json)
    if options.markdown:
        options.markdown.write_text(report.markdown())
    if options.picture:
        draw(report.figures, options.picture)
    return 1 if report.problems else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure this machine, as ratios.")
    parser.add_argument("--seconds", type=_positive(float), default=10.0, help="for each side of a ratio (10)")
    parser.add_argument("--posts", type=_positive(int), help=f"while memory is measured ({FULL_POSTS:,})")
    parser.add_argument("--rows", type=_positive(int), help=f"of the large table ({FULL_ROWS:,}, about 5 GB)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="and there as a table for documents")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw them there, as SVG")
    parser.add_argument("--profile", type=Path, metavar="DIRECTORY", help="say there where servers spend their time")
    parser.add_argument(
        "--iglu-python", type=Path, metavar="PROGRAM", help="a Python with iglu-python: compare metrics with it as well"
    )
    parser.add_argument("--quick", action="store_true", help="a second each: whether it works, not how fast it is")
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"a part: {', '.join(MEASUREMENTS)}")
    options = parser.parse_args(arguments)
    if unknown := set(options.only) - MEASUREMENTS.keys():
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
    if options.quick:
        options.seconds = QUICK_SECONDS
    options.posts = options.posts or (QUICK_POSTS if options.quick else FULL_POSTS)
    options.rows = options.rows or (QUICK_ROWS if options.quick else FULL_ROWS)
    return options


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = kind(text)
        if value <= 0 or value > MOST:
            raise argparse.ArgumentTypeError(f"{text} is not between 0 and {MOST:,}")
        return value

    return number


def _measure_all(options: argparse.Namespace, directory: Path) -> Report:
    # Settings read the environment that installation() has just made.
    django.setup()
    from benchmarks.bench import Bench

    bench = Bench(
        directory=directory,
        seconds=options.seconds,
        import_rows=QUICK_IMPORT if options.quick else FULL_IMPORT,
        posts=options.posts,
        table_rows=options.rows,
        people=QUICK_PEOPLE if options.quick else FULL_PEOPLE,
        profiles=options.profile,
        iglu_python=options.iglu_python,
        say=progress.print,
    )
    report = Report(_setup(options))
    _measure(bench, options.only or MEASUREMENTS, report)
    return report


def _measure(bench: Bench, names: Iterable[str], report: Report) -> None:
    for name in names:
        progress.print(f"Measuring {MEASUREMENTS[name]}")
        try:
            found = import_module(f"benchmarks.measurements.{name}").measure(bench)
            # One by one: what comes before an error stays.
            for figure in [found] if isinstance(found, Figure) else found:
                report.figures.append(figure)
        except BenchmarkError as error:
            report.problems.append(f"{MEASUREMENTS[name]}: {error}")


def _setup(options: argparse.Namespace) -> dict[str, Any]:
    from django.db import connection

    from benchmarks.pgbench import pgbench_program
    from benchmarks.wrk import generator_name

    connection.ensure_connection()
    version = connection.pg_version  # type: ignore[attr-defined]
    return {
        **machine(),
        "postgresql": f"{version // 10000}.{version % 10000}, fsync on",
        "web": "granian",
        "load by": generator_name(),
        "baseline by": "pgbench, prepared or not, the better" if pgbench_program() else "threads (no pgbench found)",
        "seconds": options.seconds,
    }


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Ends like Ctrl-C, so that services and data go in both cases.
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(main(sys.argv[1:]))
