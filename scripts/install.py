"""Makes .venv and installs a locked list into it; a second run with nothing to do is instant."""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
# Everything in run.txt is in dev.txt with the same pins, so the second covers the first.
COVERS = {"run": ("run",), "dev": ("run", "dev")}
LOCKED_ONLY = ("--require-hashes", "--only-binary", ":all:")
# uv does not read what somebody told pip about a mirror or its certificate, but has variables for the same.
SETTINGS_FOR_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
# What pip reads later counts more.
PIP_SECTIONS = ("global", "install", ":env:")


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


def pip(*arguments: str) -> list[str]:
    return [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]


def settings_for_uv(listed: str) -> dict[str, str]:
    """From the lines of ``pip config list``, such as ``global.index-url='https://mirror.example/simple'``."""
    lines = re.findall(rf"^({'|'.join(PIP_SECTIONS)})\.({'|'.join(SETTINGS_FOR_UV)})=(.+)$", listed, re.MULTILINE)
    lines.sort(key=lambda line: PIP_SECTIONS.index(line[0]))
    values = {name: ast.literal_eval(value).split() for _, name, value in lines}
    separators = {"find-links": ","}
    return {SETTINGS_FOR_UV[name]: separators.get(name, " ").join(value) for name, value in values.items()}


def install_uv() -> bool:
    """From the lock as well: the lines of uv in it are a requirements file of their own."""
    pinned = re.search(r"^uv==.+(?:\n    --hash.+)+", lock_file("dev").read_text(), re.MULTILINE)
    if pinned is None:
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
        only_uv.write(pinned.group())
        only_uv.flush()
        command = pip("install", "--quiet", *LOCKED_ONLY, "-r", only_uv.name)
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def install_with_uv(name: str) -> bool:
    """A tenth of pip's time."""
    if not install_uv():
        return False
    listed = subprocess.run(pip("config", "list"), capture_output=True, text=True, check=False).stdout
    options = ["--quiet", "--system-certs", "--python", str(VENV / "bin" / "python")]
    # The hashes decide what is installed, so it does not matter which index has it.
    options += ["--index-strategy", "unsafe-best-match", *LOCKED_ONLY, "-r", str(lock_file(name))]
    done = subprocess.run(
        [str(VENV / "bin" / "uv"), "pip", "install", *options],
        env={**settings_for_uv(listed), **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{done.stderr}uv could not install this; trying with pip.", flush=True)
    return done.returncode == 0


def install(name: str) -> None:
    print(f"Installing requirements/{name}.txt (about a minute the first time)", flush=True)
    if not install_with_uv(name):
        result = subprocess.run(pip("install", "--quiet", *LOCKED_ONLY, "-r", str(lock_file(name))), check=False)
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
