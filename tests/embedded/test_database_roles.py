from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from glucose_platform import database_roles, embedded, postgres_log
from tenancy import roles
from tests.embedded.helpers import servers

ATTRIBUTES = """
SELECT rolname, rolcanlogin, rolinherit, rolbypassrls, rolcreatedb, rolsuper, rolcreaterole, rolreplication
FROM pg_roles WHERE rolname LIKE 'glucose%' ORDER BY rolname
"""
CATALOGUE = """
SELECT (SELECT json_agg(r ORDER BY rolname) FROM pg_authid r WHERE rolname LIKE 'glucose%')::text,
       (SELECT json_agg(s ORDER BY setrole, setdatabase) FROM pg_db_role_setting s)::text,
       (SELECT json_agg(m ORDER BY roleid, member) FROM pg_auth_members m)::text,
       (SELECT json_agg(json_build_object('name', datname, 'owner', datdba, 'acl', datacl) ORDER BY datname)
        FROM pg_database)::text
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The superuser's URL of an empty server."""
    with tempfile.TemporaryDirectory() as directory:
        state_dir = Path(directory) / "var"
        embedded.start(state_dir, volatile=True, broker=False)
        yield servers(state_dir)[0].admin_url
        embedded.remove(state_dir)


@pytest.fixture
def admin(server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server, autocommit=True) as connection:
        _clear(connection)
        yield connection
        _clear(connection)


def _clear(connection: psycopg.Connection) -> None:
    for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'glucose%'").fetchall():
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    names = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'glucose%' OR rolname IN ('master', 'stranger')"
        " ORDER BY rolname = 'master'"
    ).fetchall()
    for (name,) in names:
        connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def _whoami(url: str) -> tuple[str, str]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.promise(4)
def test_every_role_has_exactly_its_attributes(server, admin):
    urls = database_roles.prepare(server)
    # name, login, inherit, bypassrls, createdb, super, createrole, replication
    assert admin.execute(ATTRIBUTES).fetchall() == [
        ("glucose_app", True, False, False, False, False, False, False),
        ("glucose_edge", True, False, False, False, False, False, False),
        ("glucose_lookup", False, False, True, False, False, False, False),
        ("glucose_owner", True, True, True, True, False, False, False),
        ("glucose_support", True, False, False, False, False, False, False),
    ]
    assert {name: _whoami(url) for name, url in urls.items()} == {
        "DATABASE_URL": ("glucose_app", "glucose"),
        "DATABASE_EDGE_URL": ("glucose_edge", "glucose"),
        "DATABASE_PLATFORM_URL": ("glucose_support", "glucose"),
        "DATABASE_OWNER_URL": ("glucose_owner", "glucose"),
    }
    memberships = "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members WHERE member > 16383"
    assert admin.execute(memberships).fetchall() == [("glucose_lookup", "glucose_owner")]


@pytest.mark.promise(45)
def test_serving_roles_have_their_limits(server, admin):
    urls = database_roles.prepare(server)
    for name in ("DATABASE_URL", "DATABASE_EDGE_URL"):
        with psycopg.connect(urls[name]) as connection:
            row = connection.execute(
                "SELECT current_setting('timezone'), current_setting('statement_timeout'),"
                " current_setting('idle_in_transaction_session_timeout')"
            ).fetchone()
        assert row == ("UTC", "15s", "30s")
    with psycopg.connect(urls["DATABASE_PLATFORM_URL"]) as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)


def test_a_second_run_changes_nothing_and_needs_no_password(server, admin):
    first = database_roles.prepare(server)
    before = admin.execute(CATALOGUE).fetchone()
    passwords = {role: _password(first[name]) for role, name in database_roles.VARIABLES.items()}
    assert database_roles.prepare(server, passwords=passwords) == first
    assert database_roles.prepare(server) == {}
    assert admin.execute(CATALOGUE).fetchone() == before


def _password(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["password"])


def test_a_given_password_is_set_and_rotation_ends_the_old_ones(server, admin):
    awkward = "pass word/@:%'\"?#"
    urls = database_roles.prepare(server, passwords={roles.APP: awkward})
    assert _password(urls["DATABASE_URL"]) == awkward
    assert _whoami(urls["DATABASE_URL"])[0] == "glucose_app"
    changed = database_roles.prepare(server, passwords={roles.APP: "another"})
    assert _whoami(changed["DATABASE_URL"])[0] == "glucose_app"
    rotated = database_roles.prepare(server, rotate_passwords=True)
    assert set(rotated) == set(urls)
    assert _whoami(rotated["DATABASE_URL"])[0] == "glucose_app"
    for old in (urls["DATABASE_URL"], changed["DATABASE_URL"], urls["DATABASE_OWNER_URL"]):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(old)


def test_what_was_changed_by_hand_is_repaired(server, admin):
    database_roles.prepare(server)
    before = admin.execute(ATTRIBUTES).fetchall()
    admin.execute("ALTER ROLE glucose_app SUPERUSER BYPASSRLS INHERIT CREATEROLE")
    admin.execute("GRANT glucose_lookup TO glucose_app")
    admin.execute("ALTER ROLE glucose_app SET statement_timeout = 0")
    admin.execute("ALTER DATABASE glucose OWNER TO postgres")
    admin.execute("GRANT CONNECT ON DATABASE glucose TO PUBLIC")
    database_roles.prepare(server)
    assert admin.execute(ATTRIBUTES).fetchall() == before
    assert not admin.execute("SELECT pg_has_role('glucose_app', 'glucose_lookup', 'MEMBER')").fetchone()[0]
    assert admin.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'glucose'").fetchone() == (
        "glucose_owner",
    )
    setting = "SELECT 'statement_timeout=15s' = ANY(setconfig) FROM pg_db_role_setting WHERE setrole = %s::regrole"
    assert admin.execute(setting, ["glucose_app"]).fetchone() == (True,)


def test_only_our_roles_connect_and_none_makes_temporary_tables(server, admin):
    urls = database_roles.prepare(server)
    admin.execute("CREATE ROLE stranger LOGIN PASSWORD 'stranger-password'")
    place = urls["DATABASE_URL"].partition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(f"postgresql://stranger:stranger-password@{place}")
    with psycopg.connect(urls["DATABASE_URL"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TEMPORARY TABLE t (i int)")
    with psycopg.connect(urls["DATABASE_URL"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE t (i int)")


def test_the_owner_hands_a_function_to_the_lookup_role(server, admin):
    url = database_roles.prepare(server)["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        connection.execute("GRANT CREATE ON SCHEMA public TO glucose_lookup")
        connection.execute("ALTER FUNCTION one() OWNER TO glucose_lookup")


def test_a_database_of_another_name(server, admin):
    urls = database_roles.prepare(server, database='glucose "zwei" /ü')
    assert _whoami(urls["DATABASE_URL"]) == ("glucose_app", 'glucose "zwei" /ü')


def test_a_managed_servers_master_user_is_enough(server, admin):
    if admin.info.server_version < 160000:
        pytest.skip("before PostgreSQL 16 only a superuser can make roles that bypass row security")
    admin.execute("CREATE ROLE master LOGIN CREATEROLE CREATEDB BYPASSRLS PASSWORD 'master-password'")
    master = f"postgresql://master:master-password@{server.partition('@')[2]}"
    urls = database_roles.prepare(master)
    assert _whoami(urls["DATABASE_URL"])[0] == "glucose_app"
    before = admin.execute(CATALOGUE).fetchone()
    assert database_roles.prepare(master) == {}
    assert admin.execute(CATALOGUE).fetchone() == before


@pytest.mark.promise(55)
def test_a_server_whose_log_would_tell_values_is_quietened(server, admin):
    """The administrator's own sessions are made to tell, as all sessions of an untouched server do."""
    admin.execute("ALTER ROLE postgres SET log_min_error_statement = 'error'")
    admin.execute("ALTER ROLE postgres SET log_min_messages = 'warning'")
    warnings: list[str] = []
    try:
        url = database_roles.prepare(server, warn=warnings.append)["DATABASE_URL"]
    finally:
        admin.execute("ALTER ROLE postgres RESET ALL")
    (row,) = admin.execute(
        "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'glucose'"
    ).fetchall()
    assert set(row[0]) == {"log_min_messages=log", "log_min_error_statement=panic"}
    assert warnings == []
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_setting('log_min_messages')").fetchone() == ("log",)


@pytest.mark.promise(55)
def test_a_login_that_may_not_quieten_the_log_is_told_what_to_set(server, admin):
    if admin.info.server_version < 160000:
        pytest.skip("before PostgreSQL 16 only a superuser can make roles that bypass row security")
    admin.execute("CREATE ROLE master LOGIN CREATEROLE CREATEDB BYPASSRLS PASSWORD 'master-password'")
    admin.execute("ALTER ROLE master SET log_min_duration_statement = '100'")
    warnings: list[str] = []
    master = f"postgresql://master:master-password@{server.partition('@')[2]}"
    assert "DATABASE_URL" in database_roles.prepare(master, warn=warnings.append)
    (sentence,) = warnings
    assert sentence.endswith("Set in the server's configuration: log_min_duration_statement = -1.")


@pytest.mark.promise(55)
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, []),
        ({"log_min_messages": "panic", "log_statement": "ddl"}, []),
        ({"log_min_messages": "error"}, ["log_min_messages"]),
        ({"log_statement": "mod", "log_min_duration_statement": "0"}, ["log_statement", "log_min_duration_statement"]),
    ],
)
def test_settings_that_would_tell(settings, told):
    assert list(postgres_log.telling(settings)) == told


def test_a_login_that_may_not_make_roles_is_told_what_is_needed(server, admin):
    admin.execute("CREATE ROLE master LOGIN PASSWORD 'master-password'")
    master = f"postgresql://master:master-password@{server.partition('@')[2]}"
    with pytest.raises(database_roles.PrepareError, match="Use a superuser"):
        database_roles.prepare(master)


@pytest.mark.parametrize(
    ("admin_url", "expected"),
    [
        ("postgresql://p:x@db.example:6432/postgres", "postgresql://u:a%2Fb@db.example:6432/d"),
        ("postgresql://p@db.example/x?sslmode=require", "postgresql://u:a%2Fb@db.example/d?sslmode=require"),
        ("postgresql://p@[::1]:5433/x", "postgresql://u:a%2Fb@[::1]:5433/d"),
        ("host=/run/pg port=5433 user=p", "postgresql://u:a%2Fb@/d?host=%2Frun%2Fpg&port=5433"),
        ("postgresql://a:1,b:2/x", "postgresql://u:a%2Fb@/d?host=a%2Cb&port=1%2C2"),
    ],
)
def test_urls_keep_the_administrators_address(admin_url, expected):
    assert database_roles._url(admin_url, "u", "a/b", "d") == expected
