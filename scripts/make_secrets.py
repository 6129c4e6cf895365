"""Makes the secrets of a compose installation, once: what exists is kept. Used by docker-compose.yml.

A directory for each reader, so that a service is given only what it needs: owner/ (the PostgreSQL superuser and the
roles' first passwords), app/ (what serving processes read), pgbouncer/, redis/, monitoring/ and tools/.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tenancy.encryption.generate import KEYRINGS, keyring

# What the hosts are called in docker-compose.yml.
DATABASE = "postgres:5432"
POOLER = "pgbouncer:6432"
REDIS = "redis:6379"


def value(path: Path, make: Callable[[], str]) -> str:
    if path.is_file():
        return path.read_text()
    text = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed: an interrupted start leaves no half secret behind.
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(text)
    # The services run under different accounts; who may read is decided by who mounts the directory.
    unfinished.chmod(0o444)
    unfinished.rename(path)
    return text


def password() -> str:
    return secrets.token_urlsafe(32)


def role_url(role: str, host: str = POOLER) -> Callable[[], str]:
    return lambda: f"postgresql://{role}:{password()}@{host}/glucose"


def user_line(url: str) -> str:
    """As PgBouncer's auth_file has it."""
    parts = urlsplit(url)
    return f'"{parts.username}" "{parts.password}"\n'


def make_secrets(directory: Path) -> None:
    owner, app, redis = directory / "owner", directory / "app", directory / "redis"
    superuser = value(owner / "postgres_password", password)
    value(owner / "admin_url", lambda: f"postgresql://postgres:{superuser}@{DATABASE}/postgres")
    value(owner / "database_owner_url", role_url("glucose_owner", DATABASE))
    # An installation of before PgBouncer keeps the URLs that lead past it.
    pooled = [
        value(app / "database_url", role_url("glucose_app")),
        value(app / "database_edge_url", role_url("glucose_edge")),
        value(app / "database_platform_url", role_url("glucose_support")),
    ]
    value(directory / "pgbouncer" / "userlist.txt", lambda: "".join(map(user_line, pooled)))
    value(app / "secret_key", lambda: secrets.token_urlsafe(48))
    for setting in KEYRINGS.values():
        value(app / setting.lower(), lambda: keyring("1"))
    redis_password = value(redis / "password", password)
    value(redis / "valkey.conf", lambda: f"requirepass {redis_password}\n")
    value(app / "redis_url", lambda: f"redis://:{redis_password}@{REDIS}")
    token = value(app / "metrics_token", password)
    value(directory / "monitoring" / "metrics_token", lambda: token)
    value(directory / "monitoring" / "grafana_password", password)
    value(directory / "tools" / "pgadmin_password", password)


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]))
