from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from glucose_platform import embedded
from tests.embedded.helpers import servers


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_reads_passwords_data_and_sockets(state_dir):
    embedded.start(state_dir)
    postgres, valkey = servers(state_dir)
    directory = state_dir / "services"
    assert _mode(directory) == (0o711 if os.geteuid() == 0 else 0o700)
    assert _mode(directory / "services.json") == 0o600
    for private in (postgres.places.postgres, valkey.places.valkey, postgres.places.sockets, postgres.data):
        assert _mode(private) == 0o700
    assert _mode(postgres.log) == _mode(valkey.log) == 0o600
    assert [path.name for path in postgres.places.postgres.iterdir()] == ["data"]


def test_no_password_stands_in_the_list_of_processes_or_a_second_file(state_dir):
    embedded.start(state_dir)
    passwords = [server.password for server in servers(state_dir)]
    for service in embedded.status(state_dir).services:
        command_line = Path(f"/proc/{service.pid}/cmdline").read_text()
        environment = Path(f"/proc/{service.pid}/environ").read_text()
        assert not any(password in command_line + environment for password in passwords)
    files = [path for path in state_dir.rglob("*") if path.is_file() and path.name != "services.json"]
    assert len(files) > 100
    for password in passwords:
        assert not [path for path in files if password.encode() in path.read_bytes()]


def test_nothing_is_saved_before_a_start(tmp_path):
    assert embedded.saved_environment(tmp_path / "var") == {}
    assert not (tmp_path / "var").exists()
    assert embedded.stop(tmp_path / "var") == []


def test_given_addresses_start_nothing(tmp_path):
    state_dir = tmp_path / "var"
    given = {"DATABASE_URL": "postgresql://db.example/glucose", "REDIS_URL": "redis://cache.example"}
    assert embedded.start_missing(state_dir, given) is None
    assert embedded.start_missing(state_dir, {"DATABASE_URL_FILE": "/run/url", "REDIS_HOST": "cache.example"}) is None
    assert not state_dir.exists()


@pytest.mark.parametrize(
    ("given", "running", "addresses"),
    [
        ({"DATABASE_URL": "postgresql://db.example/glucose"}, [False, True], {"REDIS_URL"}),
        (
            {"REDIS_URL": "redis://cache.example"},
            [True, False],
            {"DATABASE_URL", "DATABASE_EDGE_URL", "DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL"},
        ),
    ],
)
def test_only_what_is_not_given_is_started(state_dir, given, running, addresses):
    services = embedded.start_missing(state_dir, given)
    assert services is not None
    assert set(services.environment()) == addresses
    assert [service.running for service in embedded.status(state_dir).services] == running


def test_saved_addresses_are_never_mixed_with_given_ones(state_dir):
    saved = embedded.start(state_dir).environment()
    assert embedded.completed_environment(state_dir, {}) == saved
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "DATABASE_OWNER_URL", "DB_HOST"):
        completed = embedded.completed_environment(state_dir, {name: "given"})
        assert completed == {name: "given", "REDIS_URL": saved["REDIS_URL"]}
    completed = embedded.completed_environment(state_dir, {"REDIS_HOST": "given"})
    assert "REDIS_URL" not in completed
    assert completed["DATABASE_URL"] == saved["DATABASE_URL"]


def test_a_damaged_record_stops_the_start_and_touches_nothing(state_dir):
    embedded.start(state_dir, broker=False)
    embedded.stop(state_dir)
    record = state_dir / "services" / "services.json"
    good = record.read_text()
    record.write_text("{")
    with pytest.raises(embedded.EmbeddedError, match="is damaged"):
        embedded.start(state_dir)
    record.write_text(good)
    embedded.start(state_dir, broker=False)


@pytest.mark.nightly
def test_a_copied_project_gets_servers_of_its_own(state_dir, open_directory):
    original = embedded.start(state_dir, database=False).environment()
    copy = open_directory / "copy"
    shutil.copytree(state_dir, copy, ignore=shutil.ignore_patterns("run"))
    for name in ("valkey", "postgres"):
        owner = (state_dir / "services" / name).stat()
        os.chown(copy / "services" / name, owner.st_uid, owner.st_gid)
        for path in (copy / "services" / name).rglob("*"):
            os.chown(path, owner.st_uid, owner.st_gid)
    try:
        assert embedded.start(copy, database=False).environment() != original
        assert embedded.status(copy).services[1].pid != embedded.status(state_dir).services[1].pid
    finally:
        embedded.remove(copy)
