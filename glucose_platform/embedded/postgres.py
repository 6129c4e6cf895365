"""One PostgreSQL server on a Unix socket, owned by this process's installation."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from glucose_platform.embedded.errors import EmbeddedError
from glucose_platform.embedded.places import Places
from glucose_platform.embedded.processes import alive, end, launch, tail, wait_until, working_in
from glucose_platform.embedded.programs import PostgresPrograms, find_postgres
from glucose_platform.postgres_log import QUIET

SUPERUSER = "postgres"
PORT = 5432  # part of the socket's name; nothing listens on the network
START_SECONDS = 120  # recovery after a crash replays the log first
STOP_SECONDS = 60
ORPHAN_SECONDS = 10

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    **QUIET,
    "log_checkpoints": "off",
}
# Data in memory are lost with the machine in any case; on a disk this doubles the speed of tests.
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(slots=True)
class Postgres:
    places: Places
    password: str
    volatile: bool

    @property
    def data(self) -> Path:
        return self.places.postgres / "data"

    @property
    def log(self) -> Path:
        return self.places.logs / "postgres.log"

    @property
    def admin_url(self) -> str:
        host = quote(str(self.places.sockets), safe="")
        return f"postgresql://{SUPERUSER}:{self.password}@/postgres?host={host}&port={PORT}"

    def answers(self) -> bool:
        address = make_conninfo(host=str(self.places.sockets), port=PORT, dbname="postgres", connect_timeout=5)
        return bool(PGconn.ping(address.encode()) == Ping.OK)

    def pid(self) -> int | None:
        """The running server's process. The file alone proves nothing: it outlives a crash, and numbers are reused."""
        pid = self._lock_file()[0]
        return pid if pid in working_in(self.data, self.places.account) else None

    def start(self) -> None:
        if self.answers():
            return
        if self._becomes_ready():
            return
        self._end_what_is_left()
        programs = find_postgres(self.places.account, data_version=self.data_version())
        if not self.data.exists():
            self._initialize(programs)
        self._launch(programs)

    def stop(self) -> bool:
        pid = self.pid()
        if pid is not None:
            end({pid}, signal.SIGINT, STOP_SECONDS, then=signal.SIGQUIT, what="PostgreSQL")
        self._end_what_is_left()
        return pid is not None

    def data_version(self) -> int | None:
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def _becomes_ready(self) -> bool:
        """Another start's server may still be replaying its log. One on another socket cannot be reached: it ends."""
        pid = self.pid()
        if pid is None:
            return False
        socket = self.places.sockets / f".s.PGSQL.{PORT}"
        if self._lock_file()[1] == str(self.places.sockets) and socket.exists():
            wait_until(lambda: self.answers() or not alive(pid), START_SECONDS)
            return self.answers()
        end({pid}, signal.SIGINT, STOP_SECONDS, then=signal.SIGQUIT, what="PostgreSQL")
        return False

    def _end_what_is_left(self) -> None:
        """After a kill -9 of the server a busy back end lives on, holds the shared memory and blocks the next start."""
        orphans = working_in(self.data, self.places.account)
        if orphans:
            end(orphans, signal.SIGTERM, ORPHAN_SECONDS, then=signal.SIGKILL, what="A query of the former PostgreSQL")
        # Nobody works here any more; what the files name is a zombie or somebody else's process.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self.places.sockets / name).unlink(missing_ok=True)

    def _lock_file(self) -> tuple[int | None, str]:
        """Process and socket directory that postmaster.pid names."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            return int(lines[0]), lines[4] if len(lines) > 4 else ""
        except (FileNotFoundError, IndexError, ValueError):
            return None, ""

    def _initialize(self, programs: PostgresPrograms) -> None:
        """Under another name first: an interrupted run is never taken for a database."""
        account = self.places.account
        if not account.name:
            raise EmbeddedError(
                f"User id {account.uid} has no entry in /etc/passwd, and PostgreSQL's initdb needs one. "
                "Start as a user that has one, or give DATABASE_URL."
            )
        unfinished = self.places.postgres / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        password_file = self.places.postgres / "password"
        password_file.unlink(missing_ok=True)
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, self.password.encode())
            if account.drops:
                os.fchown(descriptor, account.uid, account.gid)
            os.close(descriptor)
            answer = account.run(
                [
                    programs.bin / "initdb",
                    *("-D", unfinished),
                    *("--username", SUPERUSER),
                    *("--pwfile", password_file),
                    *("--auth", "scram-sha-256"),
                    *("--encoding", "UTF8"),
                    "--data-checksums",
                    *_locale(programs.major),
                ]
            )
        finally:
            password_file.unlink()
        if answer.returncode != 0:
            raise EmbeddedError(f"initdb failed:\n{answer.stdout}{answer.stderr}")
        unfinished.rename(self.data)

    def _launch(self, programs: PostgresPrograms) -> None:
        directory = str(self.places.sockets).replace('"', '""')
        settings = {**SETTINGS, "unix_socket_directories": f'"{directory}"'}
        if self.volatile and not self.places.in_memory:
            settings |= UNSAFE_SETTINGS
        # On the command line, so that root writes no file into a directory that another account controls.
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        pid = launch([programs.bin / "postgres", "-D", self.data, *options], account=self.places.account, log=self.log)
        wait_until(lambda: self.answers() or not alive(pid), START_SECONDS)
        if not self.answers():
            raise EmbeddedError(f"PostgreSQL did not start. The end of {self.log}:\n{tail(self.log)}")


def _locale(major: int) -> list[str]:
    """The same sorting everywhere: by code point. The wheels have no ICU; before 17 only the C library offers it."""
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]
