"""The shipped files of the proxy and the pooler, with addresses of this machine in the place of containers' names."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
DEPLOY = PROJECT / "deploy"
# The first that know what the shipped files say; Debian 12 has older ones.
CADDY_BUFFERS = (2, 7)
POOLER_PREPARES = (1, 21)


class Missing(RuntimeError):
    pass


def version(program: str, *arguments: str) -> tuple[int, int]:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Missing(f"{program} is not installed. On Debian and Ubuntu: apt-get install caddy pgbouncer")
    said = subprocess.run([path, *arguments], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None:
        raise Missing(f"{program} does not tell its version: {said}")
    return int(found[1]), int(found[2])


def pooler_prepares() -> bool:
    return version("pgbouncer", "--version") >= POOLER_PREPARES


def write_proxy(directory: Path, *, plain: int, tls: int, unused: tuple[int, int]) -> Path:
    directory.mkdir(exist_ok=True)
    routes = (DEPLOY / "proxy" / "routes.caddy").read_text()
    if version("caddy", "version") < CADDY_BUFFERS:
        routes = routes.replace("request_buffers 6MB", "buffer_requests\n\t\t\tmax_buffer_size 6MB")
    (directory / "routes.caddy").write_text(routes)
    text = (DEPLOY / "proxy" / "Caddyfile").read_text()
    ports = {"8080": unused[0], "8443": tls, ":8000": f":{plain}", ":8081": f":{unused[1]}"}
    for container, here in ports.items():
        text = text.replace(container, str(here))
    text = text.replace("admin off", "admin off\n\tdefault_bind 127.0.0.1", 1)
    (directory / "Caddyfile").write_text(text)
    return directory / "Caddyfile"


def write_pooler(directory: Path, *, sockets: Path, database_port: int, port: int) -> Path:
    text = (DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text()
    changes = {
        "host=postgres port=5432": f"host={sockets} port={database_port}",
        "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1",
        "listen_port = 6432": f"listen_port = {port}",
        "/secrets/pgbouncer/userlist.txt": str(directory / "userlist.txt"),
    }
    if not pooler_prepares():
        changes["max_prepared_statements"] = "; max_prepared_statements"
    for shipped, here in changes.items():
        if shipped not in text:
            raise Missing(f"deploy/pgbouncer/pgbouncer.ini no longer says {shipped!r}.")
        text = text.replace(shipped, here)
    (directory / "pgbouncer.ini").write_text(text)
    return directory / "pgbouncer.ini"
