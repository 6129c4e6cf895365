"""Every request as the sandbox saw it, for tests. Tokens, codes and secrets are masked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT = 100_000
SECRET = {"code", "client_secret", "refresh_token", "access_token", "state", "code_verifier", "_signature"}


@dataclass(slots=True)
class Seen:
    """``at`` is the virtual time, ``took_ms`` real. ``generation`` is the grant's at that moment."""

    number: int
    at: float
    method: str
    host: str
    path: str
    endpoint: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    client_id: str | None = None
    grant_type: str | None = None
    generation: int | None = None
    token: str | None = None
    status: int | None = None
    error: str | None = None
    fault: str | None = None
    records: int | None = None
    took_ms: float = 0.0

    def facts(self) -> dict[str, Any]:
        return {
            "endpoint": self.endpoint, "user": self.user, "client_id": self.client_id, "host": self.host,
            "grant_type": self.grant_type, "method": self.method, "data": self.endpoint not in ("login", "token"),
        }  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Log:
    def __init__(self) -> None:
        self._kept: deque[Seen] = deque(maxlen=KEPT)
        self._count = 0

    def begin(self, *, at: float, method: str, host: str, path: str, endpoint: str) -> Seen:
        self._count += 1
        seen = Seen(self._count, at, method, host, path, endpoint)
        self._kept.append(seen)
        return seen

    def since(self, number: int, wanted: dict[str, str]) -> Iterator[Seen]:
        for seen in list(self._kept):
            if seen.number > number and all(str(getattr(seen, name)) == value for name, value in wanted.items()):
                yield seen


def masked(token: str) -> str:
    return f"{token[:4]}…" if token else ""


def without_secrets(values: dict[str, str]) -> dict[str, str]:
    return {name: masked(value) if name in SECRET else value for name, value in values.items()}
