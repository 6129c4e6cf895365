"""Figures, as a table for people and as JSON for comparisons."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """Of a ratio: at least; of the 99th percentile in ``details``: below, or it must be called missed."""

    must: float
    aim: float
    p99_ms: float = math.inf

    def __str__(self) -> str:
        ratios = f"{self.must:g} / {self.aim:g}"
        return ratios if math.isinf(self.p99_ms) else f"{ratios}, p99 < {self.p99_ms:g} ms"


@dataclass(frozen=True, slots=True)
class Figure:
    """Two rates of one run. Only their ratio says something about another machine."""

    work: str
    unit: str
    ours: float
    baseline_work: str
    baseline: float
    details: dict[str, float] = field(default_factory=dict)
    target: Target | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        if self.details.get("p99 ms", 0) >= self.target.p99_ms:
            return "missed"
        if self.ratio >= self.target.aim:
            return "aim reached"
        return "must reached" if self.ratio >= self.target.must else "missed"


@dataclass(slots=True)
class Report:
    setup: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def show(self) -> None:
        table = Table(title="A ratio of 1 is the speed of the baseline in the same run", title_justify="left")
        for column in ("work", "baseline"):
            table.add_column(column)
        for column in ("ours", "of baseline", "ratio"):
            table.add_column(column, justify="right")
        table.add_column("must / aim")
        table.add_column("unit")
        for figure in self.figures:
            table.add_row(
                _with_details(figure), figure.baseline_work, f"{figure.ours:,.0f}", f"{figure.baseline:,.0f}",
                f"{figure.ratio:.2f}", _with_verdict(figure), figure.unit, end_section=True,
            )  # fmt: skip
        # A file or a pipe has no width of its own; 80 columns would break every cell.
        console = Console(width=None if sys.stdout.isatty() else 140)
        console.print(table)
        console.print(", ".join(f"{name}: {value}" for name, value in self.setup.items()), highlight=False)
        for problem in self.problems:
            console.print(f"FAILED: {problem}", markup=False, highlight=False)

    def write(self, path: Path) -> None:
        figures = [
            {
                **asdict(figure),
                "ratio": round(figure.ratio, 4),
                "target": figure.target and str(figure.target),
                "verdict": figure.verdict,
            }
            for figure in self.figures
        ]
        content = {"setup": self.setup, "figures": figures, "problems": self.problems}
        path.write_text(json.dumps(content, indent=2) + "\n")

    def markdown(self) -> str:
        """As docs/performance.md has it."""
        lines = ["| work | baseline | ours | of baseline | ratio | must / aim |", "|---|---|---|---|---|---|"]
        for figure in self.figures:
            times = [f"{name} {figure.details[name]:g}" for name in ("p50 ms", "p99 ms") if name in figure.details]
            work = ", ".join([figure.work, *times])
            rates = f"{figure.ours:,.0f} {figure.unit} | {figure.baseline:,.0f} | {figure.ratio:.2f}"
            lines.append(f"| {work} | {figure.baseline_work} | {rates} | {figure.target or ''} |")
        return "\n".join(lines) + "\n"


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _with_verdict(figure: Figure) -> str:
    return f"{figure.target}\n{figure.verdict}" if figure.target else ""


def _with_details(figure: Figure) -> str:
    details = ", ".join(f"{name} {value:,g}" for name, value in figure.details.items())
    return f"{figure.work}\n{details}" if details else figure.work
