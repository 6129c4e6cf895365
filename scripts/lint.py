"""Everything CI checks besides the tests; names choose a part: python -m scripts.lint ruff types"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.environment import static_environment

PYTHON = sys.executable
LINT_IMPORTS = str(Path(PYTHON).with_name("lint-imports"))

CHECKS = {
    "ruff": [PYTHON, "-m", "ruff", "check", "--quiet", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
    "types": [PYTHON, "-m", "mypy"],
    "imports": [LINT_IMPORTS, "--no-logo"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "generated": [PYTHON, "-m", "scripts.generated"],
    "translations": [PYTHON, "-m", "scripts.translations"],
    "secrets": [PYTHON, "-m", "scripts.secret_scan"],
    "audit": [PYTHON, "-m", "scripts.audit"],
}
# It never fails, so what it has to say must be seen.
ALWAYS_SHOWN = {"audit"}


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    passed: bool
    seconds: float
    output: str

    def show(self) -> None:
        print(f"{'ok    ' if self.passed else 'FAILED'} {self.name} ({self.seconds:.1f} s)", flush=True)
        if self.output and (not self.passed or self.name in ALWAYS_SHOWN):
            print(self.output, flush=True)


def run(name: str) -> Outcome:
    started = time.monotonic()
    result = subprocess.run(
        CHECKS[name],
        env=static_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(name, result.returncode == 0, time.monotonic() - started, result.stdout.strip())


def main(names: list[str]) -> int:
    if unknown := sorted(set(names) - set(CHECKS)):
        sys.exit(f"There is no check named {', '.join(unknown)}. There are: {', '.join(CHECKS)}.")
    failed = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for outcome in pool.map(run, names or CHECKS):
            outcome.show()
            if not outcome.passed:
                failed.append(outcome.name)
    if failed:
        print(f"Not clean: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
