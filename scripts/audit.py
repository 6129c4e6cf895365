"""Asks for known vulnerabilities of what we install. Never fails: a new report is no fault of the change at hand."""

from __future__ import annotations

import json
import subprocess
import sys

TIME_LIMIT_SECONDS = 120
COMMAND = ["pip_audit", "--requirement", "requirements/run.txt", "--require-hashes", "--disable-pip"]
OPTIONS = ["--format", "json", "--desc", "off", "--progress-spinner", "off", "--timeout", "5"]


def summary(report: str) -> str:
    """What pip-audit's JSON says in lines; ValueError where it is no report (then the service was not reached)."""
    packages = json.loads(report)["dependencies"]
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        return "skipped: the vulnerability service knows none of our packages"
    lines = [f"{len(audited)} of {len(packages)} packages audited"]
    for package in audited:
        for found in package["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            lines.append(f"{package['name']} {package['version']}: {found['id']}, fixed in {fixed}")
    return "\n".join(lines)


def main() -> None:
    command = [sys.executable, "-m", *COMMAND, *OPTIONS]
    try:
        report = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=False).stdout
        print(summary(report))
    except (ValueError, subprocess.TimeoutExpired):
        print("skipped: the vulnerability service cannot be reached from here")


if __name__ == "__main__":
    main()
