"""Puts coverage in front of pytest's summary and makes the run red below 90 % of lines. Loaded by `make coverage`.

Not pytest-cov: it starts after our services plugin has imported half of the code, and cannot wait for the data of
servers and workers that tests start.
"""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from typing import Any

import coverage
import pytest

REQUIRED_PERCENT = 90
# Thousands of requests to everything, which being measured would make twice as long. What only they reach counts as
# untested: it deserves a test that says what it is for.
UNMEASURED = (
    "tests/edges/",
    "tests/isolation/",
    "tests/test_schemathesis.py",
    # A server that is killed leaves no figures, and one whose speed is measured should not be slowed down.
    "tests/faults/",
    "tests/test_benchmarks.py::test_quick_run",
    # A loop of many thousand rounds over lines that other tests of the file reach.
    "readings/tests/test_exports.py::test_memory_does_not_grow",
    "readings/tests/test_history_buckets.py::test_a_year_by_the_hour",
)
# By this coverage finds its way into child processes.
_CHILDREN = "COVERAGE_PROCESS_CONFIG"
_report = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    measured = coverage.Coverage.current()
    if measured is None or not item.nodeid.startswith(UNMEASURED):
        return (yield)
    measured.stop()
    children = os.environ.pop(_CHILDREN, None)
    try:
        return (yield)
    finally:
        measured.start()
        if children is not None:
            os.environ[_CHILDREN] = children


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Last, when xdist's workers have ended and left their data."""
    measured = coverage.Coverage.current()
    if measured is None or "PYTEST_XDIST_WORKER" in os.environ:
        return
    measured.stop()
    measured.save()
    total = coverage.Coverage()
    total.combine()
    total.save()
    text = io.StringIO()
    percent = total.report(file=text)
    if percent < REQUIRED_PERCENT:
        text.write(f"FAILED: {percent:.1f} % of the lines are covered, {REQUIRED_PERCENT} % are required.\n")
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    session.config.stash[_report] = text.getvalue()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if report := config.stash.get(_report, None):
        terminalreporter.section("coverage")
        terminalreporter.write(report)
