"""The files around the code say the same as the code, and as each other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from scripts import audit, generated, install, lint

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = [PROJECT / "requirements" / "run.txt", PROJECT / "requirements" / "dev.txt"]
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==(?P<version>[^ ;\\]+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PINNED.finditer(lock.read_text())}


def normal(requirement: str) -> str:
    """The name of a requirement, as the locks write it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def declared() -> tuple[set[str], set[str]]:
    """What pyproject.toml names for running and for development."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    run = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["embedded"]
    return {normal(item) for item in run}, {normal(item) for item in project["dependency-groups"]["dev"]}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_names_no_place_and_hashes_every_version(lock):
    lines = lock.read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith((" ", "#"))]

    assert len(requirements) > 40
    assert all(PINNED.match(line) and line.endswith("\\") for line in requirements)
    others = [line for line in lines if line not in requirements and not line.strip().startswith("#")]
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line) for line in others)
    assert "://" not in lock.read_text()


def test_locks_hold_what_the_project_declares_and_agree():
    run, development = (pins(lock) for lock in LOCKS)
    for_running, for_development = declared()

    assert for_running <= run.keys()
    assert for_development <= development.keys()
    assert run.items() <= development.items()


def test_help_names_every_target():
    rules = set(re.findall(r"^([a-z-]+):(?!=)", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    shown = subprocess.run(["make", "--no-print-directory"], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert set(re.findall(r"^make ([a-z-]+)", shown.stdout, re.MULTILINE)) == rules - {"help", "python", "install-dev"}


def old_python(directory: Path) -> Path:
    """A stand-in that answers like Python 3.10, with the check's own code run by the real one."""
    script = directory / "python3.10"
    script.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; sys.version_info = (3, 10, 4); '
        'sys.version = \'3.10.4 (main)\'; exec(sys.argv[2])" "$@"\n'
    )
    script.chmod(0o755)
    return script


def test_old_python_is_refused_with_a_sentence(tmp_path):
    command = ["make", "--no-print-directory", "install", f"PYTHON={old_python(tmp_path)}"]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert result.returncode != 0
    assert "Python 3.11 or newer is needed, this is 3.10.4." in result.stderr


def test_missing_python_is_named():
    command = ["make", "--no-print-directory", "install", "PYTHON=no-such-python"]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert result.returncode != 0
    assert "apt install python3 python3-venv" in result.stderr


def test_python_without_ensurepip_is_told_the_package(tmp_path):
    (tmp_path / "ensurepip.py").write_text("raise ImportError('as on Debian without python3-venv')\n")
    for name in ("scripts", "requirements"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    # Isolation from this run's environment matters: PYTHONPATH puts the broken ensurepip first.
    result = subprocess.run(
        [sys.executable, "scripts/install.py", "run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert result.stderr.strip().endswith("apt install python3-venv")
    assert not (tmp_path / ".venv").exists()


def test_changed_lock_is_installed_again(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "PROJECT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    (tmp_path / "requirements").mkdir()
    (tmp_path / ".venv").mkdir()
    install.lock_file("run").write_text("first==1\n")
    assert not install.is_installed("run")

    install.stamp_file("run").write_text(install.digest("run"))
    assert install.is_installed("run")

    install.lock_file("run").write_text("first==2\n")
    assert not install.is_installed("run")


def test_what_pip_was_told_about_a_mirror_is_told_to_uv():
    listed = """\
:env:.find-links='/wheels'
global.cert='/etc/ssl/mirror.crt'
global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'
global.index-url='https://old.example/simple'
install.index-url='https://mirror.example/simple'
global.quiet='1'
"""

    assert install.settings_for_uv(listed) == {
        "UV_FIND_LINKS": "/wheels",
        "SSL_CERT_FILE": "/etc/ssl/mirror.crt",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
    }


@pytest.mark.parametrize("name", [".env", ".env.local", "deploy/.env.production"])
def test_environment_files_are_ignored(name):
    command = ["git", "-c", f"safe.directory={PROJECT}", "check-ignore", "--quiet", name]

    assert subprocess.run(command, cwd=PROJECT, check=False).returncode == 0


def test_env_example_is_not_ignored():
    command = ["git", "-c", f"safe.directory={PROJECT}", "check-ignore", "--quiet", "--no-index", ".env.example"]

    assert subprocess.run(command, cwd=PROJECT, check=False).returncode == 1


def test_env_example_lists_what_the_settings_read():
    text = (PROJECT / ".env.example").read_text()
    listed = re.findall(r"^#([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)

    assert listed == [variable["name"] for variable in generated.variables()]
    assert all(re.search(rf"^# .+\n#{name}=", text, re.MULTILINE) for name in listed), "each says what it is for"


def test_settings_document_names_what_the_settings_read_and_marks_secrets():
    text = (PROJECT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| (.*?) \| (.+?) \| (yes)? \|$", text, re.MULTILINE)

    variables = generated.variables()
    assert [row[0] for row in rows] == [variable["name"] for variable in variables]
    secrets = {variable["name"] for variable in variables if variable["secret"]}
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_PASSWORD", "DEXCOM_CLIENT_SECRET"} <= secrets
    assert {row[0] for row in rows if row[3]} == secrets
    assert not any(default for name, default, _, _ in rows if name in secrets)


def test_drift_of_a_generated_file_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generated, "PROJECT", tmp_path)
    monkeypatch.setattr(generated, "GENERATED", {"made.md": lambda: "as the code says\n"})

    assert generated.main(write=False) == 1
    assert generated.main(write=True) == 0
    assert generated.main(write=False) == 0
    (tmp_path / "made.md").write_text("by hand\n")
    capsys.readouterr()
    assert generated.main(write=False) == 1
    assert "made.md is not what the code says: run `make generate`" in capsys.readouterr().out


def test_commit_hooks_run_checks_of_the_lint():
    config = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]

    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    assert {hook["id"] for hook in hooks} == set(lint.CHECKS) - {"audit"}
    named = {hook["id"]: hook["entry"].removeprefix(".venv/bin/python -m scripts.lint ") for hook in hooks}
    assert all(entry == name for name, entry in named.items() if name != "secrets")


def test_lint_refuses_a_check_that_does_not_exist():
    with pytest.raises(SystemExit, match="There is no check named spelling"):
        lint.main(["spelling"])


def test_lint_is_red_where_one_check_is(monkeypatch, capsys):
    monkeypatch.setattr(
        lint,
        "CHECKS",
        {
            "good": [sys.executable, "-c", "print('not shown')"],
            "bad": [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"],
        },
    )

    assert lint.main([]) == 1
    shown = capsys.readouterr().out
    assert "the reason" in shown
    assert "not shown" not in shown
    assert "Not clean: bad" in shown
    assert lint.main(["good"]) == 0


def test_audit_tells_found_from_nothing_known_and_not_reached():
    found = (
        '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]},'
        ' {"name": "b", "skip_reason": "unknown"}]}'
    )

    assert audit.summary(found).splitlines() == ["1 of 2 packages audited", "a 1: CVE-1, fixed in 2"]
    assert audit.summary('{"dependencies": [{"name": "b", "skip_reason": "unknown"}]}').startswith("skipped")
    with pytest.raises(ValueError, match="Expecting value"):
        audit.summary("")


def test_ci_script_is_executable_and_well_formed():
    script = PROJECT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
