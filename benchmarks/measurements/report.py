"""The report of 14 days as PDF, from the readings on, by a compiler that has made one before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np

from analytics.goals import Preset
from analytics.summary import analyse
from analytics.trace import Trace
from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError
from benchmarks.measurements.analytics import USUAL_DAYS, ZONE, readings_of
from benchmarks.report import Figure, Target
from reports.glucose.windows import Window
from reports.glucose_report.build import build_content
from reports.glucose_report.content import ReportContent
from reports.glucose_report.pdf import report_pdf
from reports.glucose_report.subject import Choices, Subject
from reports.glucose_report.svg.page import report_svg

# What the PDF may take.
MOST_SECONDS = 0.300


def measure(bench: Bench) -> Iterator[Figure]:
    """Of the processor, on all cores: the times hold on a busy machine as well."""
    made_at = datetime.now(UTC)
    pdf = report_pdf(_content(made_at), made_at=made_at)
    times: dict[str, list[float]] = {"content": [], "SVG": [], "PDF": [], "all": []}
    until = time.perf_counter() + bench.seconds
    while not times["all"] or time.perf_counter() < until:
        begun = time.process_time()
        content = _content(made_at)
        told = time.process_time()
        report_svg(content)
        drawn = time.process_time()
        pdf = report_pdf(content, made_at=made_at)
        ended = time.process_time()
        if not pdf.startswith(b"%PDF"):
            raise BenchmarkError("There is no PDF.")
        for name, seconds in zip(times, (told - begun, drawn - told, ended - drawn), strict=False):
            times[name].append(seconds)
        times["all"].append(ended - drawn + told - begun)
    median = {name: float(np.median(part)) for name, part in times.items()}
    yield Figure(
        f"the report of {USUAL_DAYS} days as PDF, warm", "reports/s", 1 / median["all"],
        f"{MOST_SECONDS * 1000:g} ms each", 1 / MOST_SECONDS,
        {f"{name} ms": round(1000 * seconds, 1) for name, seconds in median.items()}
        | {"p99 ms": round(1000 * float(np.percentile(times["all"], 99)), 1), "KB": round(len(pdf) / 1000)},
        Target(1, 2),
    )  # fmt: skip


def _content(made_at: datetime) -> ReportContent:
    """Another name each time: nothing that the compiler kept of the page before is the same."""
    instants, glucose = readings_of(USUAL_DAYS)
    trace = Trace.of(instants, glucose, ZONE)
    last = datetime.fromtimestamp(int(instants[-1]) / 1000, ZONE).date()
    window = Window.of_days(date.fromordinal(last.toordinal() - USUAL_DAYS + 1), last, ZONE)
    name = f"Someone, {time.perf_counter_ns()}"
    subject = Subject("Northside", name, "user_5678", date(1984, 3, 12), "", ZONE, Preset.ADULT, ("Argus (A1)",))
    return build_content(analyse(trace, *window.milliseconds), subject, window, Choices(), made_at=made_at)
