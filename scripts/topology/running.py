"""Every process of docker-compose.yml, two of what can be two, on this machine and without containers."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from glucose_platform import embedded
from glucose_platform.database_roles import VARIABLES
from glucose_platform.embedded.postgres import PORT
from glucose_platform.env import database_from_url
from scripts.make_secrets import user_line
from scripts.topology.configured import PROJECT, pooler_prepares, version, write_pooler, write_proxy
from scripts.topology.postgres import REPLICA_PORT, Pair, pair

START_SECONDS = 120
# More than a server takes to answer what it has accepted.
STOP_SECONDS = 60
PYTHON = sys.executable
GRANIAN = (PYTHON, "-m", "granian", "--host", "127.0.0.1", "--workers-kill-timeout", "30", "--log-level", "error")
WEB = (
    "--interface",
    "wsgi",
    "--workers",
    "1",
    "--blocking-threads",
    "4",
    "--no-ws",
    "glucose_platform.wsgi:application",
)
EDGE = ("--interface", "asgi", "--ws", "--backpressure", "1024", "glucose_platform.asgi:application")
CELERY = (PYTHON, "-m", "celery", "--quiet", "--app", "glucose_platform")


def free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def wait_until(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} within {seconds:.0f} s: it did not.")
        time.sleep(0.1)


@dataclass
class Kind:
    """``port`` 0: it listens on nothing."""

    argv: tuple[str, ...]
    process: str = ""
    port: int = 0
    environment: dict[str, str] = field(default_factory=dict)


class Topology:
    """``environment``: what the platform's processes get beside their addresses."""

    def __init__(self, state_dir: Path, environment: dict[str, str]) -> None:
        version("caddy", "version")
        version("pgbouncer", "--version")
        self.state_dir = state_dir
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        names = ("pooler", "plain", "tls", "unused", "unused-too", "web1", "web2", "edge1", "edge2")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.environment = environment
        self.pair: Pair

    @property
    def address(self) -> str:
        return f"https://localhost:{self.ports['tls']}"

    @property
    def root_certificate(self) -> Path:
        return self.state_dir / "caddy" / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def start(self) -> None:
        services = embedded.start(self.state_dir)
        self.pair = pair(self.state_dir)
        urls = services.environment()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_"))},
            "APP_ENV": "test",
            "PYTHONWARNINGS": "ignore",
            "LOG_LEVEL": "ERROR",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "GLUCOSE_STATE_DIR": str(self.state_dir),
            "REDIS_URL": urls["REDIS_URL"],
            "DATABASE_URL": urls["DATABASE_URL"],
            "PUBLIC_URL": self.address,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "TRUST_PROXY": "true",
            "EDGE_PREPARED_STATEMENTS": str(pooler_prepares()).lower(),
            **self.environment,
        }
        self.owner_url = urls["DATABASE_OWNER_URL"]
        self.manage("migrate", "--skip-checks", "--verbosity", "0")
        self.pair.start_replica()
        self._start_pooler(urls)
        self.kinds = self._kinds()
        for name in self.kinds:
            self.start_one(name)
        for name in self.kinds:
            self.wait_for(name)

    def _start_pooler(self, urls: dict[str, str]) -> None:
        account = self.pair.server.places.account
        directory = self.pair.server.places.postgres / "pooler"
        directory.mkdir()
        pooled = [urls[variable] for variable in VARIABLES.values() if variable != "DATABASE_OWNER_URL"]
        (directory / "userlist.txt").write_text("".join(map(user_line, pooled)))
        self.pooler_configuration = self._point_pooler_at(PORT, directory)
        for path in (directory, *directory.iterdir()):
            path.chmod(0o700 if path.is_dir() else 0o600)
            if account.drops:
                os.chown(path, account.uid, account.gid)
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        # It refuses to run as root.
        self.running["pgbouncer"] = subprocess.Popen(
            [program, "-q", str(self.pooler_configuration)],
            user=account.user, group=account.group, extra_groups=account.extra_groups,
            cwd="/", start_new_session=True,
        )  # fmt: skip
        for variable in VARIABLES.values():
            if variable != "DATABASE_OWNER_URL":
                parts = database_from_url(urls[variable])
                self.environment[variable] = (
                    f"postgresql://{parts['USER']}:{parts['PASSWORD']}@127.0.0.1:{self.ports['pooler']}/{parts['NAME']}"
                )

    def _point_pooler_at(self, database_port: int, directory: Path) -> Path:
        sockets = self.pair.server.places.sockets
        return write_pooler(directory, sockets=sockets, database_port=database_port, port=self.ports["pooler"])

    def _kinds(self) -> dict[str, Kind]:
        directory = self.state_dir / "caddy"
        unused = (self.ports["unused"], self.ports["unused-too"])
        file = write_proxy(directory, plain=self.ports["plain"], tls=self.ports["tls"], unused=unused)
        caddy = {
            "EDGE": f"127.0.0.1:{self.ports['edge1']} 127.0.0.1:{self.ports['edge2']}",
            "WEB": f"127.0.0.1:{self.ports['web1']} 127.0.0.1:{self.ports['web2']}",
            "XDG_DATA_HOME": str(directory / "data"),
            "XDG_CONFIG_HOME": str(directory / "config"),
        }
        kinds = {}
        for number in ("1", "2"):
            web, edge = self.ports[f"web{number}"], self.ports[f"edge{number}"]
            kinds[f"web{number}"] = Kind((*GRANIAN, "--port", str(web), *WEB), "web", web)
            kinds[f"edge{number}"] = Kind((*GRANIAN, "--port", str(edge), *EDGE), "web", edge)
            name = f"worker{number}@%h"
            worker = (*CELERY, "worker", "--concurrency", "1", "--hostname", name, "--loglevel", "ERROR")
            kinds[f"worker{number}"] = Kind(worker, "worker")
        kinds["beat"] = Kind((*CELERY, "beat", "--loglevel", "ERROR"), "worker")
        kinds["alarms"] = Kind((PYTHON, "manage.py", "evaluate_alarms"), "worker")
        run = ("caddy", "run", "--config", str(file), "--adapter", "caddyfile")
        kinds["proxy"] = Kind(run, "", self.ports["plain"], caddy)
        return kinds

    def start_one(self, name: str) -> None:
        kind = self.kinds[name]
        environment = {**self.environment, **kind.environment}
        if kind.process:
            environment["GLUCOSE_PROCESS"] = kind.process
        output = None if name != "proxy" else subprocess.DEVNULL
        self.running[name] = subprocess.Popen(
            kind.argv, cwd=PROJECT, env=environment, start_new_session=True, stderr=output
        )

    def wait_for(self, name: str) -> None:
        port = self.kinds[name].port
        if port:
            wait_until(lambda: self._answers(name, port), f"{name} answers")

    def _answers(self, name: str, port: int) -> bool:
        if (code := self.running[name].poll()) is not None:
            raise RuntimeError(f"{name} ended with {code} before it answered.")
        request = urllib.request.Request(f"http://127.0.0.1:{port}/health", headers={"Host": "localhost"})
        with suppress(OSError), urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
        return False

    def restart(self, name: str) -> None:
        self.end(name)
        self.start_one(name)
        self.wait_for(name)

    def end(self, name: str) -> None:
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def fail_over(self) -> None:
        """What docs/scale.md tells an operator to do when the primary is gone for good."""
        self.pair.promote()
        self._point_pooler_at(REPLICA_PORT, self.pooler_configuration.parent)
        self.running["pgbouncer"].send_signal(signal.SIGHUP)

    def manage(self, *arguments: str, standard_input: str = "") -> str:
        """As the owner, past the pooler."""
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=PROJECT, input=standard_input, capture_output=True, text=True, check=False,
            env={**self.environment, "DATABASE_OWNER_URL": self.owner_url},
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def stop(self) -> None:
        for name in [*reversed(self.running)]:
            self.end(name)
        if hasattr(self, "pair"):
            self.pair.stop_replica()
        embedded.remove(self.state_dir)


@contextmanager
def running_topology(state_dir: Path, **environment: str) -> Iterator[Topology]:
    topology = Topology(state_dir, environment)
    try:
        topology.start()
        yield topology
    finally:
        topology.stop()
