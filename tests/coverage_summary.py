"""Puts coverage in front of pytest's summary and makes the run red below 90 % of lines. Loaded by `make test`.

Not pytest-cov: it starts after our services plugin has imported half of the code, and cannot wait for the data of
servers and workers that tests start.
"""

from __future__ import annotations

import io
import os
from typing import Any

import coverage
import pytest

REQUIRED_PERCENT = 90
_report = pytest.StashKey[str]()


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
