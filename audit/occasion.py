"""Who acts, and from where: set once for each request, task or command, read by every entry of the ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from celery import current_task

ActorKind = Literal["person", "key", "support", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Actor:
    """``id``: what the outside calls it (a person's public id, a key's id, a command's name), never a database key."""

    kind: ActorKind
    id: str = ""
    name: str = ""
    role: str = ""


SYSTEM = Actor("system", name="platform")
ANONYMOUS = Actor("anonymous")


@dataclass(frozen=True, slots=True)
class Occasion:
    """``session``: tells the sign-ins of one person apart; never something that could be used to sign in."""

    actor: Actor = SYSTEM
    request_id: str = ""
    ip: str | None = None
    session: str = ""
    reason: str = ""


_current: ContextVar[Occasion | None] = ContextVar("audit_occasion", default=None)


def current_occasion() -> Occasion:
    """Outside requests the platform itself acts: by a task, or by a command that an operator called."""
    return _current.get() or Occasion(Actor("system", id=_task() or _command(), name=SYSTEM.name))


def _task() -> str:
    # A proxy: outside a task it is false, but never None.
    return str(current_task.name) if current_task else ""  # type: ignore[truthy-bool]


def _command() -> str:
    program, *arguments = sys.argv
    return f"manage.py {arguments[0]}" if Path(program).name == "manage.py" and arguments else ""


@contextmanager
def occasion(active: Occasion) -> Iterator[Occasion]:
    token = _current.set(active)
    try:
        yield active
    finally:
        _current.reset(token)
