"""The one report of a load test: a table for people, JSON for comparisons."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from simulator.loadtest.ledger import Ledger
from simulator.loadtest.rate import Step
from simulator.loadtest.sample import Sample

NAMES = {
    "total": "total", "successful": "successful", "failed": "failed", "seconds": "total time, s",
    "requestsPerSecond": "requests/s", "minMs": "min, ms", "meanMs": "mean, ms", "medianMs": "median, ms",
    "maxMs": "max, ms", "p95Ms": "P95, ms", "p99Ms": "P99, ms", "statuses": "statuses", "errors": "errors",
}  # fmt: skip


@dataclass(slots=True)
class LoadReport:
    what: str
    samples: Sequence[Sample]
    steps: Sequence[Step] = ()
    ledger: Ledger | None = None
    problems: list[str] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=lambda: machine())

    @property
    def all_problems(self) -> list[str]:
        return [*self.problems, *(self.ledger.problems if self.ledger else ())]

    def show(self, stream: TextIO) -> None:
        # A file or a pipe has no width of its own; 80 columns would break the cells.
        console = Console(file=stream, width=None if stream.isatty() else 120, highlight=False)
        table = Table(title=self.what, title_justify="left")
        table.add_column("")
        for sample in self.samples:
            table.add_column(sample.name, justify="right")
        figures = [sample.figures() for sample in self.samples]
        for name, words in NAMES.items():
            if any(name in one for one in figures):
                table.add_row(words, *(_cell(one.get(name)) for one in figures))
        console.print(table)
        if self.ledger is not None:
            said = self.ledger.shown()
            console.print(
                f"Ledger: {said['acknowledged']:,} readings acknowledged, {said['stored']:,} in the database."
                if self.steps
                else f"Ledger: {said['acknowledged']:,} readings acknowledged, {said['stored']:,} in the database; "
                f"readers saw {said['rowsSeenByReaders']:,} rows; rules call for {said['alarmsCalledFor']:,} alarms, "
                f"{said['alarmsFound']:,} of them are there."
            )
        console.print(", ".join(f"{name}: {value}" for name, value in self.machine.items()))
        console.print("Nothing is missing." if not self.all_problems else f"{len(self.all_problems)} problems:")
        for problem in self.all_problems:
            console.print(f"  - {problem}", markup=False, soft_wrap=True)

    def write_json(self, path: Path) -> None:
        said: dict[str, Any] = {
            "what": self.what,
            "machine": self.machine,
            "requests": {sample.name: sample.figures() for sample in self.samples},
            "problems": self.all_problems,
        }
        if self.steps:
            said["steps"] = [{"rate": step.rate, "held": step.passed, **step.sample.figures()} for step in self.steps]
        if self.ledger is not None:
            said["ledger"] = self.ledger.shown()
        path.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """A figure says nothing without what else the machine did meanwhile."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "cores": os.cpu_count(),
        "load of the last minute": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{count:,} x {name}" for name, count in value.items()) or "none"
    return f"{value:,}"
