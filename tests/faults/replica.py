"""A replica of an installation's PostgreSQL, which has each transaction before it is acknowledged."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from glucose_platform.embedded import state
from glucose_platform.embedded.places import existing_places, private_directory
from glucose_platform.embedded.postgres import SETTINGS, SUPERUSER, Postgres
from glucose_platform.embedded.processes import end, launch
from glucose_platform.embedded.programs import find_postgres
from tests.faults.installation import Installation, wait_until

STANDBY = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@dataclass
class Replica:
    """``address``: a link to the sockets of the server that counts, as a name is in a network."""

    address: Path
    sockets: Path
    url: str

    def promote(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")
        point(self.address, self.sockets)


@contextmanager
def replicated(system: Installation) -> Iterator[Replica]:
    record = state.load(system.state_dir)
    assert record is not None
    places = existing_places(system.state_dir, record)
    primary = Postgres(places, record.password(SUPERUSER), record.volatile)
    programs = find_postgres(places.account, data_version=primary.data_version())
    data, sockets = places.postgres / "replica", places.home / "replica-run"
    private_directory(sockets, places.account)
    made = places.account.run(
        [programs.bin / "pg_basebackup", "-D", data, "-d", primary.admin_url, "-X", "stream", "-R", "-c", "fast"]
    )
    assert made.returncode == 0, made.stderr
    settings = {**SETTINGS, "unix_socket_directories": str(sockets)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = system.state_dir / "replica.log"
    pid = launch([programs.bin / "postgres", "-D", data, *options], account=places.account, log=log)
    with tempfile.TemporaryDirectory(prefix="glucose-address-") as directory:
        address = Path(directory) / "current"
        point(address, places.sockets)
        try:
            with psycopg.connect(primary.admin_url, autocommit=True) as connection:
                # Only now: whoever waits for a standby that is not there waits for good.
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                connection.execute("SELECT pg_reload_conf()")
                wait_until(lambda: connection.execute(STANDBY).fetchone() == (1,))
            for name, url in system.environment.items():
                if name.startswith("DATABASE_"):
                    system.environment[name] = url.replace(quoted(places.sockets), quoted(address))
            yield Replica(address, sockets, primary.admin_url.replace(quoted(places.sockets), quoted(sockets)))
        finally:
            system.kill_server()
            end({pid}, signal.SIGINT, 60, then=signal.SIGQUIT, what="The replica")


def point(address: Path, sockets: Path) -> None:
    fresh = address.with_name("next")
    fresh.symlink_to(sockets)
    fresh.replace(address)


def quoted(path: Path) -> str:
    return quote(str(path), safe="")
