"""Gives every test run its own PostgreSQL and Valkey, before Django reads its settings.

Loaded by ``-p tests.plugin``; a conftest would come too late. Workers of xdist inherit the environment made here.

- nothing given: volatile services of our own for each worker, ended with the run, also when the run is killed
- TEST_DATABASE_URL: a superuser's URL; roles and a scratch database are made there and the database is dropped again
- DATABASE_URL and DATABASE_OWNER_URL: databases are cloned from that (migrated) one; there glucose_edge must have been
  granted to glucose_app
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from glucose_platform import database_roles, embedded
from glucose_platform.embedded.postgres import SUPERUSER
from tenancy import roles
from tests.promises.report import items_without_a_test

# Tells workers of xdist that nobody gave servers to use.
OWN_SERVICES = "GLUCOSE_TEST_OWN_SERVICES"
PROJECT = Path(__file__).resolve().parent.parent
# What a run of the whole suite leaves to `make test-nightly`; tests that are named by path run in any case.
BY_DAY = "not nightly"
# Reads its input until the run ends, however it ends; then the services go too.
REAPER = """
import shutil, sys
from pathlib import Path
from glucose_platform import embedded
sys.stdin.read()
state = Path(sys.argv[1])
embedded.stop(state)
shutil.rmtree(state, ignore_errors=True)
"""
_reapers: list[subprocess.Popen[bytes]] = []
_scratch_databases: list[tuple[str, str]] = []


def pytest_addoption(parser: Any) -> None:
    """The hook that runs before pytest-django loads the settings; it adds no option."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        if os.environ.get(OWN_SERVICES):
            _start_services_of_worker()
        return
    if {"--help", "-h", "--version", "--fixtures", "--markers"} & set(sys.argv):
        return
    os.environ["APP_ENV"] = "test"
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(48)
    os.environ.pop("GLUCOSE_PROCESS", None)
    _provide_database()
    if not {"DATABASE_URL", "DB_HOST", "REDIS_URL", "REDIS_HOST"} & set(os.environ) and _has_workers():
        os.environ[OWN_SERVICES] = "yes"
    _start_missing_services()
    if not os.environ.get(OWN_SERVICES):
        _migrate()


def pytest_configure(config: Any) -> None:
    # Workers of xdist get the option from here: to them every path looks as if it was named.
    if _is_whole_suite(config) and not config.option.markexpr:
        config.option.markexpr = BY_DAY


def _is_whole_suite(config: Any) -> bool:
    return bool(config.args_source == config.ArgsSource.TESTPATHS)


def _has_workers() -> bool:
    return any(argument.startswith(("-n", "--numprocesses")) for argument in sys.argv)


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """After the whole suite: what the security checklist promises and no test shows."""
    options = config.option
    if options.keyword or options.markexpr != BY_DAY or not _is_whole_suite(config):
        return
    terminalreporter.section("security checklist: items without a test")
    for line in items_without_a_test():
        terminalreporter.write_line(line)


def pytest_unconfigure() -> None:
    while _scratch_databases:
        admin_url, name = _scratch_databases.pop()
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    while _reapers:
        reaper = _reapers.pop()
        if reaper.stdin:
            reaper.stdin.close()
        reaper.wait(timeout=60)


def _provide_database() -> None:
    admin_url = os.environ.get("TEST_DATABASE_URL")
    if not admin_url:
        return
    name = f"glucose_test_{secrets.token_hex(4)}"
    # Passwords of roles that exist are unknown, so they are drawn anew: this server is for tests.
    os.environ.update(database_roles.prepare(admin_url, database=name, rotate_passwords=True))
    _let_tests_act_as_the_data_plane(admin_url)
    _scratch_databases.append((admin_url, name))


def _let_tests_act_as_the_data_plane(admin_url: str) -> None:
    """In tests the app role may become the data plane's: what a test has not committed is seen by both.

    Nowhere else: ``prepare`` takes such a membership away.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(roles.EDGE), sql.Identifier(roles.APP)))


def _start_missing_services() -> None:
    state = Path(tempfile.mkdtemp(prefix="glucose-test-"))
    started = embedded.start_missing(state, os.environ, volatile=True)
    if started is None:
        state.rmdir()
        return
    os.environ.update(started.environment())
    os.environ["GLUCOSE_STATE_DIR"] = str(state)
    record = embedded.state.load(state)
    if record is not None and "DATABASE_OWNER_URL" in started.addresses:
        superuser = {"user": SUPERUSER, "password": record.password(SUPERUSER)}
        _let_tests_act_as_the_data_plane(make_conninfo(started.addresses["DATABASE_OWNER_URL"], **superuser))
    reaper = subprocess.Popen(
        [sys.executable, "-c", REAPER, str(state)], cwd=PROJECT, stdin=subprocess.PIPE, start_new_session=True
    )
    _reapers.append(reaper)


def _start_services_of_worker() -> None:
    """A server for each worker: what is sealed waits for every transaction of the server, also of other databases."""
    for name in ("DATABASE_URL", "DATABASE_EDGE_URL", "DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    _start_missing_services()
    _migrate()


def _migrate() -> None:
    """Once, into the database that each worker then clones: a clone takes a tenth of the time."""
    command = [sys.executable, "manage.py", "migrate", "--skip-checks", "--verbosity", "0"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The test database cannot be migrated:\n{done.stderr}")
