"""Makes .venv and installs a locked list into it; a second run with nothing to do is instant."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
# Everything in run.txt is in dev.txt with the same pins, so the second covers the first.
COVERS = {"run": ("run",), "dev": ("run", "dev")}


def lock_file(name: str) -> Path:
    return PROJECT / "requirements" / f"{name}.txt"


def stamp_file(name: str) -> Path:
    return VENV / f"installed-{name}"


def digest(name: str) -> str:
    return hashlib.sha256(lock_file(name).read_bytes()).hexdigest()


def is_installed(name: str) -> bool:
    return stamp_file(name).is_file() and stamp_file(name).read_text() == digest(name)


def venv_version() -> str:
    """Python's version in .venv; empty where it is missing, broken or half made."""
    code = "import pip, sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([VENV / "bin" / "python", "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()


def our_version() -> str:
    return f"{sys.version_info.major} {sys.version_info.minor}"


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        sys.exit("This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv")
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def install(name: str) -> None:
    print(f"Installing requirements/{name}.txt (about a minute the first time)", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    result = subprocess.run(
        [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock_file(name))], check=False
    )
    if result.returncode:
        sys.exit("The packages could not be installed: pip's message above says why.")
    for covered in COVERS[name]:
        stamp_file(covered).write_text(digest(covered))


def main(name: str) -> None:
    # Two makes at once (a demo and a test run) must not write into the same environment.
    with lock_file(name).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if venv_version() != our_version():
            make_venv()
        if not is_installed(name):
            install(name)


if __name__ == "__main__":
    main(sys.argv[1])
