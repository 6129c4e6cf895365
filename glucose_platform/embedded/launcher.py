"""Start, stop and look at the embedded services of one state directory. Safe to call from several processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glucose_platform import database_roles
from glucose_platform.embedded import state
from glucose_platform.embedded.errors import EmbeddedError
from glucose_platform.embedded.places import (
    Places,
    existing_places,
    make_places,
    make_services_directory,
    remove_places,
)
from glucose_platform.embedded.postgres import SUPERUSER, Postgres
from glucose_platform.embedded.state import Record
from glucose_platform.embedded.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Services:
    """``data`` is where the servers keep their files; ``addresses`` holds only what was started here."""

    data: Path
    addresses: dict[str, str]

    def environment(self) -> dict[str, str]:
        """DATABASE_URL, DATABASE_EDGE_URL, DATABASE_PLATFORM_URL, DATABASE_OWNER_URL and REDIS_URL."""
        return dict(self.addresses)


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    name: str
    running: bool
    pid: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    services: tuple[ServiceStatus, ...]

    @property
    def running(self) -> bool:
        return all(service.running for service in self.services)


def start(state_dir: Path, *, volatile: bool = False, database: bool = True, broker: bool = True) -> Services:
    """Starts what does not run yet, adopts what does, and saves the addresses.

    ``volatile`` is for tests: data in memory where there is room, never flushed to a disk, gone after ``stop``.
    """
    make_services_directory(state_dir)
    with state.locked(state.services_directory(state_dir)):
        record = state.load(state_dir) or Record(volatile=volatile)
        if record.volatile != volatile:
            kind = "volatile" if record.volatile else "lasting"
            raise EmbeddedError(f"{state_dir} holds {kind} services. Use another state directory for the other kind.")
        places = make_places(state_dir, record)
        postgres, valkey = _servers(places, record)
        # Saved before the first database is made: a crash in between must not lose its passwords.
        state.save(state_dir, record)
        addresses: dict[str, str] = {}
        with _locked_home(places):
            if database:
                postgres.start()
                passwords = {role: record.password(role) for role in database_roles.LOGIN_ROLES}
                addresses |= database_roles.prepare(postgres.admin_url, passwords=passwords)
            if broker:
                valkey.start()
                addresses["REDIS_URL"] = valkey.url
        record.environment = addresses
        state.save(state_dir, record)
    return Services(places.home, addresses)


def start_missing(state_dir: Path, environ: Mapping[str, str], *, volatile: bool = False) -> Services | None:
    """Starts only what ``environ`` gives no address for; None where it gives both."""
    database = not state.given(environ, state.DATABASE_NAMES)
    broker = not state.given(environ, state.REDIS_NAMES)
    if not database and not broker:
        return None
    return start(state_dir, volatile=volatile, database=database, broker=broker)


def stop(state_dir: Path) -> list[str]:
    """Names of what was running, ended in this order: Valkey, PostgreSQL."""
    record = state.load(state_dir)
    if record is None:
        return []
    with state.locked(state.services_directory(state_dir)):
        places = existing_places(state_dir, record)
        postgres, valkey = _servers(places, record)
        ended = [name for name, server in (("Valkey", valkey), ("PostgreSQL", postgres)) if server.stop()]
        if record.volatile:
            remove_places(places)
    return ended


def remove(state_dir: Path) -> None:
    """Stops the services and deletes their data and passwords. There is no way back."""
    stop(state_dir)
    record = state.load(state_dir)
    if record is not None:
        remove_places(existing_places(state_dir, record))
        shutil.rmtree(state.services_directory(state_dir))


def status(state_dir: Path) -> Status:
    record = state.load(state_dir)
    if record is None:
        never = "never started"
        return Status((ServiceStatus("PostgreSQL", False, None, never), ServiceStatus("Valkey", False, None, never)))
    places = existing_places(state_dir, record)
    postgres, valkey = _servers(places, record)
    version = postgres.data_version()
    return Status(
        (
            _status("PostgreSQL", postgres.answers(), postgres.pid(), f"version {version}, {places.postgres}"),
            _status("Valkey", valkey.answers(), min(valkey.pids(), default=None), str(places.valkey)),
        )
    )


def _status(name: str, running: bool, pid: int | None, detail: str) -> ServiceStatus:
    return ServiceStatus(name, running, pid if running else None, detail)


def _servers(places: Places, record: Record) -> tuple[Postgres, Valkey]:
    return (
        Postgres(places, record.password(SUPERUSER), record.volatile),
        Valkey(places, record.password("valkey"), record.volatile),
    )


@contextmanager
def _locked_home(places: Places) -> Iterator[None]:
    """A copied state directory shares a home outside it with its original: they take turns."""
    if places.home == places.logs:
        yield
        return
    with state.locked(places.home):
        yield
