"""`manage.py runserver`: the whole platform for development, started anew when a file changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.live import PROJECT, free_port, wait_until_it_answers
from tests.test_demo import wait_until

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_it_serves_the_data_plane_too_and_starts_again_when_a_file_changes(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    output = tmp_path / "output"
    with output.open("w") as file:
        command = [sys.executable, "-u", "manage.py", "runserver", str(port)]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_until_it_answers(address, process)
        assert f"The platform is served at {address}/" in output.read_text()
        # Django alone would answer 503 here.
        assert httpx.get(f"{address}/api/v1/users/user_5678/glucose/current").status_code == 401
        os.utime(PROJECT / "tests" / "test_runserver.py")
        wait_until(lambda: "tests/test_runserver.py changed. Starting again" in output.read_text(), "the change")
        wait_until_it_answers(address, process)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    assert code == 0, output.read_text()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{address}/health")


@pytest.mark.parametrize(
    ("argument", "environment", "sentence"),
    [
        ("nowhere", {}, "'nowhere' is no address. Give a port"),
        ("127.0.0.1:70000", {}, "'127.0.0.1:70000' is no address"),
        ("8000", {"APP_ENV": "production"}, "start the web server itself, as docs/install.md shows"),
    ],
)
def test_what_it_will_not_do_is_said(argument: str, environment: dict[str, str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "runserver", argument, "--skip-checks"],
        cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert sentence in done.stderr
