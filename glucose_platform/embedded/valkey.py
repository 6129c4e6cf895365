"""One Valkey server on a Unix socket: the broker, the cache and the limits."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from glucose_platform.embedded.errors import EmbeddedError
from glucose_platform.embedded.places import Places
from glucose_platform.embedded.processes import alive, end, launch, tail, wait_until, working_in
from glucose_platform.embedded.programs import find_valkey

START_SECONDS = 60  # the append-only file is read first
STOP_SECONDS = 20


@dataclass(slots=True)
class Valkey:
    places: Places
    password: str
    volatile: bool

    @property
    def socket(self) -> Path:
        return self.places.sockets / "valkey.sock"

    @property
    def log(self) -> Path:
        return self.places.logs / "valkey.log"

    @property
    def url(self) -> str:
        return f"unix://:{self.password}@{quote(str(self.socket))}?db=0"

    def answers(self) -> bool:
        client = redis.Redis(
            unix_socket_path=str(self.socket),
            password=self.password,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),  # the default waits for seconds where nothing listens yet
        )
        with client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                raise EmbeddedError(
                    f"The Valkey server on {self.socket} has another password than the saved one. End it and start "
                    "again."
                ) from None
            except redis.RedisError:
                return False

    def pids(self) -> set[int]:
        return working_in(self.places.valkey, self.places.account)

    def start(self) -> None:
        """The caller holds the lock: two servers on one directory would both run and mix their files."""
        if self.answers():
            return
        running = self.pids()
        if running and self.socket.exists():
            wait_until(lambda: self.answers() or not any(alive(pid) for pid in running), START_SECONDS)
            if self.answers():
                return
        self.stop()
        program = find_valkey(self.places.account)
        pid = launch([program, "-"], account=self.places.account, log=self.log, stdin=self._configuration())
        wait_until(lambda: self.answers() or not alive(pid), START_SECONDS)
        if not self.answers():
            raise EmbeddedError(f"Valkey did not start. The end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> bool:
        running = self.pids()
        if running:
            end(running, signal.SIGTERM, STOP_SECONDS, then=signal.SIGKILL, what="Valkey")
        self.socket.unlink(missing_ok=True)
        return bool(running)

    def _configuration(self) -> str:
        """Read from standard input, so that the password is in no second file and in no list of processes."""
        settings = {
            "port": "0",
            "unixsocket": _quoted(self.socket),
            "unixsocketperm": "700",
            "requirepass": self.password,
            "dir": _quoted(self.places.valkey),
            "appendonly": "no" if self.volatile else "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",  # a broker must refuse work rather than lose it
            "daemonize": "no",
            "loglevel": "warning",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
