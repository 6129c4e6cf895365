"""`manage.py demo` as a newcomer runs it: everything real, on a free port, in a state directory of its own."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from glucose_platform import embedded
from tests.live import PROJECT, free_port

START_SECONDS = 180
pytestmark = pytest.mark.timeout(600)


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        time.sleep(0.1)


class Demo:
    def __init__(self, state_dir: Path, *arguments: str, **environment: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(self.port), *arguments],
            cwd=PROJECT,
            env=clean_environment(state_dir, **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_until_ready(self) -> None:
        wait_until(
            lambda: "Ctrl-C stops everything" in self.output or self.process.poll() is not None,
            "the welcome",
            START_SECONDS,
        )
        assert self.process.poll() is None, self.output

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=10)
        return code


def clean_environment(state_dir: Path, **environment: str) -> dict[str, str]:
    """What a newcomer's shell has: nothing of this test run's database, and no other process's settings."""
    names = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_CONFIG")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "GLUCOSE_STATE_DIR": str(state_dir), **environment}


def processes_of(state_dir: Path) -> list[str]:
    """Every living process that was started with this state directory or works in it."""
    marker = f"GLUCOSE_STATE_DIR={state_dir}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mine = marker in (entry / "environ").read_bytes() or str(state_dir) in str((entry / "cwd").readlink())
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if mine and command:
            found.append(f"{entry.name} {command}")
    return found


def web_process(demo: Demo, state_dir: Path) -> int:
    wanted = f"--port {demo.port}"
    pids = [int(line.split()[0]) for line in processes_of(state_dir) if "granian" in line and wanted in line]
    return min(pids)


@pytest.fixture
def state_dir() -> Iterator[Path]:
    # Not pytest's own directory: root's servers run as another account and must be able to enter.
    base = Path(tempfile.mkdtemp(prefix="glucose-demo-"))
    base.chmod(0o755)
    yield base / "var"
    embedded.remove(base / "var")
    subprocess.run(["rm", "-rf", str(base)], check=True)


def token(demo: Demo, email: str) -> dict[str, str]:
    answer = httpx.post(f"{demo.address}/api/v1/auth/login", json={"email": email, "password": "demo-glucose-2026"})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def printed_curl(demo: Demo) -> subprocess.CompletedProcess[str]:
    match = re.search(r"^curl (?:.*\\\n)*.*$", demo.output, re.MULTILINE)
    assert match is not None
    command = ["bash", "-c", f"{match[0]} --silent --show-error"]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_newcomer_runs_the_platform_breaks_it_and_finds_the_data_again(state_dir: Path):
    demo = Demo(state_dir)
    try:
        demo.wait_until_ready()
        assert httpx.get(f"{demo.address}/health").json()["status"] == "OK"

        posted = printed_curl(demo)
        assert '"status":"processed"' in posted.stdout
        owner = token(demo, "owner@northside.example")
        current = httpx.get(f"{demo.address}/api/v1/users/user_5678/glucose/current", headers=owner).json()
        assert current["glucoseValue"] == 120
        other = token(demo, "owner@southside.example")
        theirs = httpx.get(f"{demo.address}/api/v1/users/user_5678/glucose/current", headers=other).json()
        assert theirs["id"] != current["id"]

        os.kill(web_process(demo, state_dir), signal.SIGKILL)
        wait_until(lambda: "Starting it again" in demo.output, "the supervisor's word")
        wait_until(lambda: answers(demo.address), "the web process to be back")

        assert_a_second_demo_is_refused(state_dir, demo.port)
    finally:
        code = demo.stop()
    assert code == 0, demo.output
    assert processes_of(state_dir) == []
    assert "Stopped Valkey and PostgreSQL." in demo.output
    assert_files_are_private(state_dir)

    again = Demo(state_dir)
    try:
        again.wait_until_ready()
        assert "Northside: 12 patients, 13 devices, " in again.output
        owner = token(again, "owner@northside.example")
        history = httpx.get(
            f"{again.address}/api/v1/devices/ARGUS_001234/readings", params={"limit": 1000}, headers=owner
        ).json()
        assert current["id"] in {reading["id"] for reading in history}
        assert len(history) == 1000
    finally:
        again.stop(signal.SIGINT)
    assert processes_of(state_dir) == []

    reset = run_demo(state_dir, "--reset")
    assert reset.returncode == 0
    assert not (state_dir / "services").exists()
    assert not (state_dir / "demo").exists()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def assert_a_second_demo_is_refused(state_dir: Path, port: int) -> None:
    busy = run_demo(state_dir, "--port", str(port))
    assert f"Port {port} is in use already" in busy.stderr
    assert f"make demo PORT={port + 1}" in busy.stderr
    beside = run_demo(state_dir, "--port", str(free_port()))
    assert "A demo runs already" in beside.stderr
    reset = run_demo(state_dir, "--reset")
    assert "A demo runs already" in reset.stderr
    assert {busy.returncode, beside.returncode, reset.returncode} == {1}


def assert_files_are_private(state_dir: Path) -> None:
    for path in (state_dir / "demo").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    assert len((state_dir / "demo" / "secret-key").read_text()) >= 32


def run_demo(state_dir: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=PROJECT,
        env=clean_environment(state_dir, **environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_busy_port_is_told_before_anything_starts(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run_demo(tmp_path / "var", "--port", str(port))

    assert result.returncode == 1
    assert f"Port {port} is in use already. Stop what uses it, or choose another one: make demo" in result.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (("--port", "0"), {}, "0 is no port"),
        (("--port", "70000"), {}, "70000 is no port"),
        ((), {"APP_ENV": "production"}, "APP_ENV is production"),
        (("--reset",), {"DATABASE_URL": "postgresql://somebody@db.invalid/real"}, "DATABASE_URL is set"),
        (("--reset",), {"REDIS_HOST": "cache.invalid"}, "REDIS_HOST is set"),
    ],
)
def test_what_the_demo_will_not_do_is_said(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], sentence: str
):
    result = run_demo(tmp_path / "var", *arguments, **environment)

    assert result.returncode == 1
    assert sentence in result.stderr
    assert not (tmp_path / "var").exists()


def test_there_may_be_nothing_to_reset(tmp_path: Path):
    assert "There is nothing to remove." in run_demo(tmp_path / "var", "--reset").stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_stops_cleanly_while_it_is_still_starting(state_dir: Path):
    demo = Demo(state_dir)
    wait_until(lambda: "Bringing the database up to date" in demo.output, "the first steps", START_SECONDS)

    code = demo.stop()

    assert code == 130, demo.output
    assert processes_of(state_dir) == []
    assert "Traceback" not in demo.output


def test_the_printed_line_is_one_shell_command():
    from glucose_platform.demo.welcome import curl_line

    words = shlex.split(curl_line("http://127.0.0.1:8000").replace("\\\n", " "))
    assert words[0] == "curl"
    assert "$(date -u +%Y-%m-%dT%H:%M:%SZ)" in words[-1]
