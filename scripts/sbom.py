"""The list of what is shipped (SBOM): every package of the lock with version and hashes, in CycloneDX's form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCK = "requirements/run.txt"
OUTPUT = PROJECT / "dist" / "sbom.json"


def write(output: Path) -> int:
    """Write the list and return how many packages it has. The same lock makes the same bytes."""
    output.parent.mkdir(parents=True, exist_ok=True)
    # It warns that a lock does not tell which package asked for which.
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "cyclonedx_py",
        "requirements",
        LOCK,
        "--pyproject",
        "pyproject.toml",
    ]
    subprocess.run([*command, "--output-reproducible", "--output-file", str(output)], cwd=PROJECT, check=True)
    return len(json.loads(output.read_text())["components"])


def main() -> None:
    count = write(OUTPUT)
    print(f"{count} packages are listed in {OUTPUT.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
