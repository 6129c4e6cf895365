"""PgBouncer between an installation and its PostgreSQL: transactions share a handful of connections."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.faults.installation import Installation, wait_until
from tests.live import free_port

# The owner's goes past it: migrations take locks that live with the session.
POOLED = ("DATABASE_URL", "DATABASE_EDGE_URL", "DATABASE_PLATFORM_URL")
CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr =
listen_port = {pooler_port}
unix_socket_dir = {directory}
auth_type = scram-sha-256
auth_file = {directory}/users
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
max_db_connections = 20
ignore_startup_parameters = extra_float_digits,options
"""


@contextmanager
def pooled(system: Installation) -> Iterator[None]:
    """The addresses of ``system`` lead through it. Before 1.21 it keeps no prepared statements."""
    directory = Path(tempfile.mkdtemp(prefix="glucose-pooler-"))
    urls = {name: urlsplit(system.environment[name]) for name in POOLED if name in system.environment}
    server = parse_qs(next(iter(urls.values())).query)
    port = free_port()
    (directory / "users").write_text("".join(f'"{url.username}" "{url.password}"\n' for url in urls.values()))
    (directory / "settings").write_text(
        CONFIGURATION.format(host=server["host"][0], port=server["port"][0], pooler_port=port, directory=directory)
    )
    command = ["pgbouncer", "--quiet", str(directory / "settings")]
    if os.geteuid() == 0:
        # It refuses to run as root; whoever runs PostgreSQL here may reach its socket.
        owner = Path(server["host"][0]).stat()
        for path in (directory, *directory.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
        process = subprocess.Popen(command, user=owner.st_uid, group=owner.st_gid, extra_groups=[])
    else:
        process = subprocess.Popen(command)
    try:
        wait_until(lambda: (directory / f".s.PGSQL.{port}").exists())
        for name, url in urls.items():
            system.environment[name] = url._replace(query=f"host={directory}&port={port}").geturl()
        system.environment["EDGE_PREPARED_STATEMENTS"] = "false"
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(directory)
