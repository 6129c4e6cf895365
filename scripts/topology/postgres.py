"""The embedded PostgreSQL as a primary, and a second server that follows it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psycopg

from glucose_platform import embedded
from glucose_platform.embedded import state
from glucose_platform.embedded.places import existing_places
from glucose_platform.embedded.postgres import PORT, SUPERUSER, Postgres
from glucose_platform.embedded.processes import end, launch, wait_until, working_in
from glucose_platform.embedded.programs import find_postgres

REPLICA_PORT = PORT + 1
START_SECONDS = 60


@dataclass
class Pair:
    state_dir: Path
    server: Postgres

    @property
    def replica_data(self) -> Path:
        return self.server.places.postgres / "replica"

    @property
    def bin(self) -> Path:
        return find_postgres(self.server.places.account, data_version=self.server.data_version()).bin

    def start_replica(self) -> None:
        places = self.server.places
        secret = places.postgres / "replication"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, f"*:*:*:{SUPERUSER}:{self.server.password}\n".encode())
        os.close(descriptor)
        if places.account.drops:
            os.chown(secret, places.account.uid, places.account.gid)
        source = f"host={places.sockets} port={PORT} user={SUPERUSER} application_name=replica passfile={secret}"
        copied = places.account.run(
            [self.bin / "pg_basebackup", "-d", source, "-D", self.replica_data, "-R", "-X", "stream", "-c", "fast"]
        )
        if copied.returncode != 0:
            raise RuntimeError(f"pg_basebackup failed: {copied.stderr}")
        launch(
            [
                *(self.bin / "postgres", "-D", self.replica_data, "-c", f"port={REPLICA_PORT}"),
                *("-c", "listen_addresses=", "-c", f"unix_socket_directories={places.sockets}"),
                *("-c", "timezone=UTC", "-c", "max_connections=200"),
            ],
            account=places.account,
            log=places.logs / "replica.log",
        )
        # What is acknowledged is on both, so the loss of one loses nothing. Set last: nothing is committed without it.
        with psycopg.connect(self.server.admin_url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'replica'")
            connection.execute("SELECT pg_reload_conf()")
        if not wait_until(self._is_synchronous, START_SECONDS):
            raise RuntimeError("The replica does not follow its primary.")

    def _is_synchronous(self) -> bool:
        with psycopg.connect(self.server.admin_url) as connection:
            found = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
        return found == [("sync",)]

    def kill_primary(self) -> None:
        pid = self.server.pid()
        if pid is None:
            raise RuntimeError("There is no primary to kill.")
        os.kill(pid, signal.SIGKILL)

    def promote(self) -> None:
        """As docs/scale.md tells."""
        places = self.server.places
        done = places.account.run([self.bin / "pg_ctl", "promote", "-w", "-D", self.replica_data])
        if done.returncode != 0:
            raise RuntimeError(f"pg_ctl promote failed: {done.stdout}{done.stderr}")

    def stop_replica(self) -> None:
        pids = working_in(self.replica_data, self.server.places.account)
        if pids:
            end(pids, signal.SIGINT, 20, then=signal.SIGKILL, what="The replica")


def pair(state_dir: Path) -> Pair:
    record = state.load(state_dir)
    if record is None:
        raise embedded.EmbeddedError("Nothing was started here.")
    return Pair(state_dir, Postgres(existing_places(state_dir, record), record.password(SUPERUSER), record.volatile))
