"""Finds credentials in files before they reach the repository. Prints where and what kind, never the value.

    python -m scripts.secret_scan              every tracked file
    python -m scripts.secret_scan FILE ...     these files

A line that must hold such a value says so with a reason: ``secret-scan: allow <reason>``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ALLOWED = re.compile(r"secret-scan: allow \w+")
PATTERNS = {
    "device key": re.compile(r"glp_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}"),
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "AWS secret key": re.compile(r"(?i)aws_secret_access_key\W{1,4}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"),
    "JSON web token": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"),
}
URL_PASSWORD = re.compile(r"(?:postgres(?:ql)?|rediss?|valkey|amqps?|unix|redis\+socket)://[^\s:/@\"']*:([^\s/@\"']+)@")
# What stands for a password in examples: a few letters, test-password and the like, <this>, {field}, $NAME, %s, ***.
PLACEHOLDER = re.compile(r"(?i)^.{1,5}$|^(?:[a-z]+-)?(?:password|passwd|secret)$|^change-?me$|^[*.x]+$|[<>{}$]|^%[s(]")
FERNET_KEY = re.compile(r"(?<![\w+/-])[\w-]{43}=(?![\w=])")
DEMO_KEY = "dev-api-key-12345"  # secret-scan: allow this line names what it looks for
# The demo's key is public; it stands where the demo is made, described or tested.
DEMO_FILE = re.compile(r"(?i)demo|(?:^|/)(?:simulator|docs|tests|benchmarks)/|(?:^|/)(?:README|CHANGELOG)\.md$")


def is_environment_file(path: str) -> bool:
    name = Path(path).name
    return name.startswith(".env") or name.endswith(".env") or "compose" in name


def kinds_in_line(path: str, line: str) -> Iterator[str]:
    for kind, pattern in PATTERNS.items():
        if pattern.search(line):
            yield kind
    if any(not PLACEHOLDER.search(found.group(1)) for found in URL_PASSWORD.finditer(line)):
        yield "password in a URL"
    if is_environment_file(path) and FERNET_KEY.search(line):
        yield "Fernet key"
    if DEMO_KEY in line and not DEMO_FILE.search(path):
        yield "demo key outside the demo"


def scan_file(path: str, root: Path) -> Iterator[str]:
    content = (root / path).read_bytes()
    if b"\0" in content[:8192]:
        return
    for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), start=1):
        if not ALLOWED.search(line):
            for kind in kinds_in_line(path, line):
                yield f"{path}:{number}: {kind}"


def scan(paths: Iterable[str], root: Path) -> list[str]:
    return [finding for path in paths if (root / path).is_file() for finding in scan_file(path, root)]


def tracked_files(root: Path) -> list[str]:
    # The clone may belong to another account than the one that runs the checks.
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if listing.returncode:
        sys.exit("The tracked files cannot be listed: run the secret scan in a git work tree, or name the files.")
    return listing.stdout.split("\0")[:-1]


def main(arguments: list[str]) -> int:
    root = Path.cwd()
    findings = scan(arguments or tracked_files(root), root)
    for finding in findings:
        print(finding)
    if findings:
        print("Remove these values and make them invalid where they were real. A harmless one is marked in its line:")
        print("secret-scan: allow <reason>")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
