"""Creates the database, its roles and who may connect, from any administrator's login. Can be repeated."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict

from glucose_platform import postgres_log
from tenancy import roles

# One number for every prepare(), so that two of them on one server take turns.
LOCK = 7_461_203
SERVING_SETTINGS = {"timezone": "UTC", "statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s"}


@dataclass(frozen=True, slots=True)
class Role:
    """``variable`` is the setting that holds this role's URL. What is not named here is off."""

    name: str
    variable: str = ""
    bypassrls: bool = False
    createdb: bool = False
    inherit: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def login(self) -> bool:
        return bool(self.variable)

    def attributes(self) -> dict[str, bool]:
        return {
            "LOGIN": self.login,
            "BYPASSRLS": self.bypassrls,
            "CREATEDB": self.createdb,
            "INHERIT": self.inherit,
            "SUPERUSER": False,
            "CREATEROLE": False,
            "REPLICATION": False,
        }


ROLES = (
    Role(roles.LOOKUP, bypassrls=True),
    Role(roles.OWNER, "DATABASE_OWNER_URL", bypassrls=True, createdb=True, inherit=True),
    Role(roles.APP, "DATABASE_URL", settings=SERVING_SETTINGS),
    Role(roles.EDGE, "DATABASE_EDGE_URL", settings=SERVING_SETTINGS),
    Role(
        roles.SUPPORT,
        "DATABASE_PLATFORM_URL",
        settings={**SERVING_SETTINGS, "default_transaction_read_only": "on"},
    ),
)
LOGIN_ROLES = tuple(role.name for role in ROLES if role.login)
VARIABLES = {role.name: role.variable for role in ROLES if role.login}


class PrepareError(RuntimeError):
    """The administrator's login cannot do what is needed; the text says what to change."""


def prepare(
    admin_url: str,
    *,
    database: str = "glucose",
    passwords: Mapping[str, str] | None = None,
    rotate_passwords: bool = False,
    warn: Callable[[str], Any] = lambda sentence: None,
) -> dict[str, str]:
    """Returns the URLs by the names of their settings. ``warn`` is told what only the server's own settings can do.

    A role that exists keeps its password; where that is not among ``passwords`` its URL is left out of the answer.
    """
    known = dict(passwords or {})
    urls: dict[str, str] = {}
    with _administrator(admin_url) as connection:
        for role in ROLES:
            created = _ensure_role(connection, role)
            if role.login and (created or rotate_passwords):
                known[role.name] = secrets.token_urlsafe(24) if rotate_passwords else _password(known, role)
                _set_password(connection, role, known[role.name])
        _ensure_memberships(connection)
        _ensure_database(connection, database)
        _quieten_log(connection, database, warn)
        for role in ROLES:
            if role.login and role.name in known:
                url = _url(admin_url, role.name, known[role.name], database)
                if not _logs_in(url):
                    _set_password(connection, role, known[role.name])
                urls[role.variable] = url
    return urls


@contextmanager
def _administrator(admin_url: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise PrepareError(
            f"The administrator's login may not do this: {error.diag.message_primary}. Use a superuser, or on "
            "PostgreSQL 16 and newer a role with CREATEROLE, CREATEDB and BYPASSRLS."
        ) from error


def _password(known: Mapping[str, str], role: Role) -> str:
    return known.get(role.name) or secrets.token_urlsafe(24)


def _ensure_role(connection: Connection, role: Role) -> bool:
    """True if it was created. Only differences are written: naming SUPERUSER, even to deny it, needs a superuser."""
    row = connection.execute(
        "SELECT rolcanlogin, rolbypassrls, rolcreatedb, rolinherit, rolsuper, rolcreaterole, rolreplication"
        " FROM pg_roles WHERE rolname = %s",
        [role.name],
    ).fetchone()
    wanted = role.attributes()
    if row is None:
        current = dict.fromkeys(wanted, False) | {"INHERIT": True}
        verb = "CREATE"
    else:
        current = dict(zip(wanted, row, strict=True))
        verb = "ALTER"
    differences = [name if value else f"NO{name}" for name, value in wanted.items() if current[name] != value]
    if row is None or differences:
        connection.execute(
            sql.SQL("{verb} ROLE {role} {attributes}").format(
                verb=sql.SQL(verb),
                role=sql.Identifier(role.name),
                attributes=sql.SQL(" ").join(sql.SQL(name) for name in differences),
            )
        )
    _ensure_settings(connection, role)
    return row is None


def _ensure_settings(connection: Connection, role: Role) -> None:
    row = connection.execute(
        "SELECT setconfig FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole"
        " WHERE rolname = %s AND setdatabase = 0",
        [role.name],
    ).fetchone()
    current = dict(entry.split("=", 1) for entry in row[0]) if row else {}
    for name, value in role.settings.items():
        if current.get("TimeZone" if name == "timezone" else name) != value:
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(role.name), sql.Identifier(name), sql.Literal(value)
                )
            )


def _ensure_memberships(connection: Connection) -> None:
    """The owner hands functions over to the look-up role; nobody else is a member of anything."""
    rows = connection.execute(
        "SELECT g.rolname, m.rolname FROM pg_auth_members a"
        " JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member"
        " WHERE m.rolname = ANY(%s)",
        [[role.name for role in ROLES]],
    ).fetchall()
    wanted = (roles.LOOKUP, roles.OWNER)
    for group, member in set(rows) - {wanted}:
        connection.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), sql.Identifier(member)))
    if wanted not in rows:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(roles.LOOKUP), sql.Identifier(roles.OWNER)))


def _ensure_database(connection: Connection, database: str) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(roles.OWNER)
    row = connection.execute(
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s", [database]
    ).fetchone()
    if row is not None and row[1] != "UTF8":
        raise PrepareError(f"The database {database} has the encoding {row[1]}; give one with UTF8.")
    if row is None or row[0] != roles.OWNER:
        _become_member_of_owner(connection)
        statement = "CREATE DATABASE {} OWNER {}" if row is None else "ALTER DATABASE {} OWNER TO {}"
        connection.execute(sql.SQL(statement).format(name, owner))
    # Grants on a database are its owner's to give.
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        for role in ROLES:
            if role.login:
                connection.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(role.name))
                )


def _quieten_log(connection: Connection, database: str, warn: Callable[[str], Any]) -> None:
    """For sessions of this database. Only a superuser may; a managed server has a page for it."""
    current: dict[str, str] = dict(
        connection.execute(postgres_log.SETTINGS_QUERY, [list(postgres_log.QUIET)]).fetchall()
    )
    refused = []
    for name in postgres_log.telling(current):
        statement = sql.SQL("ALTER DATABASE {} SET {} = {}").format(
            sql.Identifier(database), sql.Identifier(name), sql.Literal(postgres_log.QUIET[name])
        )
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            refused.append(f"{name} = {postgres_log.QUIET[name]}")
    if refused:
        warn(
            "The server's own log would hold patients' data from statements, and this login may not change that. "
            f"Set in the server's configuration: {', '.join(refused)}."
        )


def _become_member_of_owner(connection: Connection) -> None:
    """A superuser needs no membership; anybody else must be able to act as the role that gets the database."""
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is not None and not row[0]:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(roles.OWNER)))


def _set_password(connection: Connection, role: Role, password: str) -> None:
    # Hashed here: a server that logs its statements never sees the password.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.name.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role.name), sql.Literal(verifier.decode()))
    )


def _logs_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def _url(admin_url: str, user: str, password: str, database: str) -> str:
    """The administrator's address with another login; a Unix socket or a list of hosts stands in the query."""
    options = {name: str(value) for name, value in conninfo_to_dict(admin_url).items() if value is not None}
    for name in ("user", "password", "dbname", "connect_timeout"):
        options.pop(name, None)
    host, port = options.get("host", ""), options.get("port", "")
    place = ""
    if host and not host.startswith(("/", "@")) and "," not in host:
        bracketed = f"[{host}]" if ":" in host else host
        place = f"{bracketed}:{port}" if port else bracketed
        options.pop("host")
        options.pop("port", None)
    query = f"?{urlencode(options, quote_via=quote, safe='')}" if options else ""
    return f"postgresql://{user}:{quote(password, safe='')}@{place}/{quote(database, safe='')}{query}"
