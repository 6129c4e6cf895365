"""Secrets are planted in files and must be found, named by place and kind, and never repeated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.secret_scan import scan, tracked_files

PROJECT = Path(__file__).resolve().parent.parent
DEMO_KEY = "dev-api-key-12345"

# Put together here so that this file holds none of them.
SECRETS = {
    "device key": "glp_" + "a1B2c3D4e5F6" + "_" + "Z9" * 19,
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "AWS access key": "AKIA" + "Q" * 16,
    "AWS secret key": "aws_secret_access_key = " + "w/J+" * 10,
    "JSON web token": ".".join(
        ["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N"]
    ),
    "password in a URL": "postgresql://" + "glucose_app:8fK2vQ9x" + "@db/glucose",
}


def write(root: Path, name: str, text: str) -> str:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


def run(root: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "scripts" / "secret_scan.py"), *names]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", SECRETS)
def test_planted_secret_is_found_and_not_printed(tmp_path, kind):
    name = write(tmp_path, "app/config.py", f"first = 1\nvalue = '{SECRETS[kind]}'\n")

    result = run(tmp_path, name)

    assert result.returncode == 1
    assert f"app/config.py:2: {kind}" in result.stdout
    assert SECRETS[kind] not in result.stdout + result.stderr


@pytest.mark.parametrize("kind", SECRETS)
def test_marker_needs_a_reason(tmp_path, kind):
    line = f"value = '{SECRETS[kind]}'  # secret-scan: allow"
    with_reason = write(tmp_path, "a.py", f"{line} published test vector\n")
    without_reason = write(tmp_path, "b.py", f"{line} \n")

    assert scan([with_reason], tmp_path) == []
    assert scan([without_reason], tmp_path) == [f"b.py:1: {kind}"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "redis", "rediss", "unix", "redis+socket"])
def test_password_in_every_kind_of_service_url_is_found(tmp_path, scheme):
    name = write(tmp_path, "a.py", f"url = '{scheme}://:" + "8fK2vQ9x" + "@host/0'\n")

    assert scan([name], tmp_path) == ["a.py:1: password in a URL"]


@pytest.mark.parametrize("password", ["pw", "test-password", "***", "{password}", "$PASSWORD", "<password>", "%s"])
def test_placeholder_in_a_url_is_not_a_password(tmp_path, password):
    name = write(tmp_path, "a.md", f"postgresql://glucose_app:{password}@db/glucose\n")

    assert scan([name], tmp_path) == []


@pytest.mark.parametrize("file", [".env.example", "deploy/site.env", "docker-compose.yml"])
def test_fernet_key_is_found_in_environment_files(tmp_path, file):
    name = write(tmp_path, file, "ENCRYPTION_KEY=" + "Ab3_" * 10 + "xyz" + "=\n")

    assert scan([name], tmp_path) == [f"{file}:1: Fernet key"]


def test_demo_key_is_allowed_where_the_demo_is_only(tmp_path):
    text = f"key = '{DEMO_KEY}'\n"
    names = ("simulator/keys.py", "README.md", "readings/tests/test_post.py")
    allowed = [write(tmp_path, name, text) for name in names]
    refused = write(tmp_path, "devices/keys.py", text)

    assert scan([*allowed, refused], tmp_path) == ["devices/keys.py:1: demo key outside the demo"]


def test_binary_and_deleted_files_are_passed_over(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0" + SECRETS["device key"].encode())

    assert scan(["picture.png", "gone.py"], tmp_path) == []


def test_without_names_the_tracked_files_are_scanned(tmp_path):
    for command in (["init", "-q"], ["config", "core.excludesFile", "/dev/null"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    write(tmp_path, "tracked.py", SECRETS["device key"])
    write(tmp_path, "other.py", SECRETS["device key"])
    subprocess.run(["git", "add", "tracked.py"], cwd=tmp_path, check=True)

    result = run(tmp_path)

    assert result.returncode == 1
    assert "tracked.py:1: device key" in result.stdout
    assert "other.py" not in result.stdout


def test_outside_a_work_tree_it_says_what_to_do(tmp_path):
    result = run(tmp_path)

    assert result.returncode == 1
    assert "name the files" in result.stderr


def test_this_project_holds_no_secret():
    assert scan(tracked_files(PROJECT), PROJECT) == []
