from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
MODULE = "def used():\n    return 1\n\n\ndef unused():\n    a = 1\n    b = 2\n    return a + b\n"
CONFIGURATION = '[tool.coverage.run]\nsource = ["module"]\nparallel = true\npatch = ["subprocess"]\n'
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import module; module.unused()'], check=True)"


def run(directory: Path, *, child: bool, place: str = "test_module.py") -> subprocess.CompletedProcess[str]:
    (directory / "module.py").write_text(MODULE)
    (directory / "pyproject.toml").write_text(CONFIGURATION)
    test = f"import module\n\ndef test_module():\n    assert module.used() == 1\n    {CHILD if child else ''}\n"
    (directory / place).parent.mkdir(parents=True, exist_ok=True)
    (directory / place).write_text(test)
    # This run may itself be measured, and by a worker of xdist.
    outer = ("COVERAGE_", "PYTEST_", "DJANGO_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(outer)}
    return subprocess.run(
        [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-p", "tests.coverage_summary", "-p", "no:django"],
        cwd=directory,
        env={**environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("child", "code"), [(False, 1), (True, 0)])
def test_run_is_red_below_the_required_coverage_and_processes_of_tests_count(tmp_path, child, code):
    result = run(tmp_path, child=child)

    assert result.returncode == code, result.stdout + result.stderr
    assert ("90 % are required" in result.stdout) is (code == 1)
    assert "1 passed" in result.stdout.splitlines()[-1], "pytest's summary stays last"


def test_what_only_the_unmeasured_reach_does_not_count(tmp_path):
    (tmp_path / "test_of_its_own.py").write_text("import module\n\ndef test_used():\n    assert module.used() == 1\n")
    result = run(tmp_path, child=True, place="tests/edges/test_module.py")

    assert result.returncode == 1, result.stdout + result.stderr
    assert "50 %" in result.stdout.replace("%", " %"), result.stdout
    assert "2 passed" in result.stdout.splitlines()[-1]
